"""Through the operator's proxy, and by a private CA: the console's own judgement of where a request may go stays."""

import socket
import threading
import time
from base64 import b64encode
from contextlib import suppress

import pytest
from outbound_peer import IMPATIENT, answers

from ssoconsole.platform.outbound import errors
from ssoconsole.platform.outbound.probe import probe
from tests.support.leaks import assert_without
from tests.support.servers import SAFE

PASSWORD = "hunter2-the-proxy"


class Proxy:
    """
    Tunnels to `leads_to`, whatever name it is asked for; or answers what `says` has, and keeps silent for None.

    With `every`, in seconds, it says one byte at a time.
    """

    def __init__(
        self, leads_to=None, says=b"HTTP/1.1 200 Connection established\r\nVia: proxy\r\n\r\n", every=0
    ):
        self.leads_to, self.says, self.every, self.heads = leads_to, says, every, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.heads.append(head.decode())
            if self.says is None:
                time.sleep(2)
                return
            for said in map(chr, self.says) if self.every else [self.says.decode()]:
                client.sendall(said.encode())
                time.sleep(self.every)
            if not self.leads_to:
                return
            with socket.create_connection(("127.0.0.1", self.leads_to)) as upstream:
                back = threading.Thread(target=self._pump, args=[upstream, client], daemon=True)
                back.start()
                self._pump(client, upstream)
                back.join(5)

    def _pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


@pytest.fixture
def proxy(settings):
    made = []

    def make(user="", **options):
        made.append(Proxy(**options))
        settings.OUTBOUND_PROXY = f"http://{user}127.0.0.1:{made[-1].port}"
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def idp(peer, authority):
    """A provider under TLS, at idp.example.com by its certificate."""
    return peer(answers(), context=authority.context("idp.example.com"))


@pytest.fixture
def unknown(monkeypatch):
    """A name server that has answers for these names and no others."""
    known = {}
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **options):
        if host.startswith("127."):
            return real(host, port, *args, **options)
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


class TunnelTests:
    @pytest.mark.parametrize("resolves", [True, False])
    def test_a_request_goes_through_it_by_name_and_the_certificate_is_that_of_the_target(
        self, idp, proxy, get, unknown, authority, resolves
    ):
        if resolves:
            unknown["idp.example.com"] = ["10.1.2.3"]
        through = proxy(leads_to=idp.port)
        url = idp.url(scheme="https", host="idp.example.com")
        assert get(url, ca_file=str(authority.file), allow_loopback=False).json() == {}
        authority_ = f"idp.example.com:{idp.port}"
        assert through.heads == [f"CONNECT {authority_} HTTP/1.1\r\nHost: {authority_}\r\n\r\n"]

    def test_another_certificate_is_refused_through_it_too(self, peer, proxy, get, unknown, authority):
        evil = peer(answers(), context=authority.context("evil.example.com"))
        proxy(leads_to=evil.port)
        with pytest.raises(errors.CertificateRefused):
            get(evil.url(scheme="https", host="idp.example.com"), ca_file=str(authority.file))
        assert not evil.requests

    def test_its_password_goes_to_it_alone(self, idp, proxy, get, unknown, authority):
        through = proxy(leads_to=idp.port, user=f"console:{PASSWORD.replace('-', '%2D')}@")
        get(idp.url(scheme="https", host="idp.example.com"), ca_file=str(authority.file))
        basic = b64encode(f"console:{PASSWORD}".encode()).decode()
        assert f"\r\nProxy-Authorization: Basic {basic}\r\n" in through.heads[0]
        assert b"proxy-authorization" not in idp.requests[0].lower()

    def test_a_probe_goes_through_it(self, idp, proxy, unknown, authority):
        through = proxy(leads_to=idp.port)
        url, file = idp.url(scheme="https", host="idp.example.com"), str(authority.file)
        found = probe(url, allow_loopback=False, ca_file=file)
        assert (found.failed, found.certificate.names) == (None, ("idp.example.com",))
        unbelieved = probe(url, allow_loopback=False)
        assert (unbelieved.failed, unbelieved.certificate.names) == ("tls", ("idp.example.com",))
        assert len(through.heads) == 3

    @pytest.mark.parametrize("domain", ["example.com", "idp.example.com"])
    def test_what_is_named_is_reached_straight(self, idp, proxy, get, unknown, authority, settings, domain):
        unknown["idp.example.com"] = ["127.0.0.1"]
        through = proxy(leads_to=idp.port)
        settings.OUTBOUND_DIRECT = [domain]
        assert get(idp.url(scheme="https", host="idp.example.com"), ca_file=str(authority.file)).status == 200
        assert through.heads == []

    def test_in_development_this_machine_is_reached_straight(self, peer, proxy, get):
        through = proxy(leads_to=1)
        assert get(peer(answers()).url(), allow_loopback=True).status == 200
        assert through.heads == []

    def test_but_nothing_that_is_elsewhere_too(self, idp, proxy, get, unknown, authority):
        unknown["idp.example.com"] = ["127.0.0.1", "10.0.0.1"]
        through = proxy(leads_to=idp.port)
        url = idp.url(scheme="https", host="idp.example.com")
        assert get(url, ca_file=str(authority.file), allow_loopback=True).status == 200
        assert len(through.heads) == 1

    def test_a_name_that_only_ends_alike_is_not(self, idp, proxy, get, unknown, authority, settings):
        through = proxy(leads_to=idp.port)
        settings.OUTBOUND_DIRECT = ["p.example.com"]
        get(idp.url(scheme="https", host="idp.example.com"), ca_file=str(authority.file))
        assert len(through.heads) == 1


class JudgementTests:
    @pytest.mark.parametrize(
        "addresses", [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1", "0.0.0.0"], ["100.100.100.200"]]
    )
    def test_a_name_that_leads_where_nothing_may_go_is_not_asked_for(self, proxy, get, unknown, addresses):
        unknown["rebound.example.com"] = addresses
        through = proxy(leads_to=1)
        with pytest.raises(errors.AddressRefused):
            get("https://rebound.example.com/", allow_loopback=False)
        assert through.heads == []

    @pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:169.254.169.254]"])
    def test_nor_is_such_an_address(self, proxy, get, unknown, host):
        through = proxy(leads_to=1)
        with pytest.raises(errors.AddressRefused):
            get(f"https://{host}/", allow_loopback=False)
        assert through.heads == []

    @pytest.mark.parametrize(
        "host",
        [
            *(
                "localhost",
                "idp",
                "metadata.google.internal",
                "printer.local",
                "a.localhost",
                "router.home.arpa",
            ),
            *("localhost.localdomain", "localhost4.localdomain4", "localhost6.localdomain6."),
        ],
    )
    def test_nor_is_a_local_name_that_cannot_be_judged_here(self, proxy, get, unknown, host):
        through = proxy(leads_to=1)
        with pytest.raises(errors.HostUnresolved):
            get(f"https://{host}/", allow_loopback=False)
        assert through.heads == []

    def test_a_name_server_that_is_silent_is_no_leave_to_go_unjudged(self, proxy, get, monkeypatch):
        def late(*args, **options):
            time.sleep(0.6)
            raise socket.gaierror(socket.EAI_NONAME, "no such name")

        monkeypatch.setattr(socket, "getaddrinfo", late)
        through = proxy(leads_to=1)
        with pytest.raises(errors.HostUnresolved, match="within"):
            get("https://idp.example.com/", limits=IMPATIENT, allow_loopback=False)
        assert through.heads == []
        time.sleep(0.5)  # until the thread that was given up has ended


REFUSALS = {
    "forbidden": (b"HTTP/1.1 403 Forbidden\r\n\r\n", errors.ConnectFailed, "status 403"),
    "another password": (b"HTTP/1.1 407 x\r\n\r\n", errors.ConnectFailed, "another user or password"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n\r\n", errors.ProtocolBroken, "does not speak HTTP"),
    "half a head": (b"HTTP/1.1 200 OK\r\n", errors.ProtocolBroken, "does not speak HTTP"),
    "endless": (b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000, errors.ProtocolBroken, "does not speak HTTP"),
    "nothing": (b"", errors.ProtocolBroken, "does not speak HTTP"),
    "silence": (None, errors.ResponseTimeout, "in time"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_proxy_that_refuses_or_fails_is_told_without_its_password(proxy, get, unknown, kind):
    says, error, words = REFUSALS[kind]
    proxy(says=says, user=f"console:{PASSWORD}@")
    with pytest.raises(error) as refused:
        get("https://idp.example.com/", limits=IMPATIENT)
    assert words in refused.value.detail
    assert_without(refused.value.detail, PASSWORD)


def test_one_that_drips_is_given_up_when_the_time_is_over(proxy, get, unknown):
    proxy(says=b"HTTP/1.1 200 OK\r\n" + b"x" * 50, every=0.05)
    with pytest.raises(errors.ResponseTimeout):
        get("https://idp.example.com/", limits=IMPATIENT)


def test_one_that_is_away_is_told(settings, get, unknown):
    settings.OUTBOUND_PROXY = "http://127.0.0.1:1"
    with pytest.raises(errors.ConnectFailed, match="refused"):
        get("https://idp.example.com/")


PROGRAM = """
import django; django.setup()
from ssoconsole.platform.outbound.client import request
from ssoconsole.platform.outbound.errors import OutboundError
try:
    print(request("GET", {url!r}, accept=["application/json"], allow_loopback=True).status)
except OutboundError as error:
    print(error.code, error.detail)
"""


@pytest.mark.parametrize(("trusted", "said"), [(True, "200"), (False, "unable to get local issuer")])
def test_a_private_ca_is_trusted_by_ssl_cert_file(peer, authority, forge, trusted, said):
    server = peer(answers(), context=authority.context("127.0.0.1"))
    env = SAFE | {"DJANGO_SETTINGS_MODULE": "ssoconsole.settings", "DATABASE_URL": "sqlite://:memory:"}
    if trusted:
        env["SSL_CERT_FILE"] = str(authority.file)
    done = forge.run(["-c", PROGRAM.format(url=server.url(scheme="https"))], env=env)
    assert said in done.stdout, done.stderr
