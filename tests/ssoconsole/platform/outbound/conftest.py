import socket

import pytest
from outbound_certificates import Authority
from outbound_peer import PATIENT, Peer

from ssoconsole.platform.outbound.client import request


@pytest.fixture
def peer():
    """Make servers that are gone when the test ends."""
    made = []

    def make(act, **options):
        made.append(Peer(act, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def get():
    """GET as the console in development does, from peers that send little."""

    def get(url, **options):
        return request(
            "GET",
            url,
            **{"accept": ["application/json"], "allow_loopback": True, "limits": PATIENT} | options,
        )

    return get


@pytest.fixture
def names(monkeypatch):
    """A name server: put a list of answers under a name, each a list of addresses; the last one stays."""

    class Names(dict):
        asked = ()

        def getaddrinfo(self, host, port, *args, **options):
            self.asked += (host,)
            answers = self.get(host, [[host]])
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
            return [
                (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
                for each in addresses
            ]

    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    return names


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)
