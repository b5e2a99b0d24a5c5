import socket
import threading

import pytest
from outbound_peer import IMPATIENT, answers

from ssoconsole.platform.outbound.client import request
from ssoconsole.platform.outbound.connection import Deadline
from ssoconsole.platform.outbound.errors import (
    AddressRefused,
    ConnectFailed,
    HostUnresolved,
    ResponseTimeout,
    SchemeRefused,
)
from ssoconsole.platform.outbound.probe import probe


class SilentPort:
    """A port on 127.0.0.3 whose queue is full, so that the kernel drops whoever knocks."""

    def __init__(self, port):
        self.sockets = [socket.create_server(("127.0.0.3", port), backlog=0)]
        for _ in range(4):
            knock = socket.socket()
            knock.setblocking(False)
            knock.connect_ex(("127.0.0.3", port))
            self.sockets.append(knock)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for each in self.sockets:
            each.close()


@pytest.fixture
def no_connections(monkeypatch):
    def refuse(*args):
        raise AssertionError("connected to an address that was to be refused")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_second_answer_of_the_name_server_is_never_asked_for(peer, get, names):
    server = peer(answers())
    names["rebind.test"] = [["127.0.0.1"], ["169.254.169.254"]]
    assert get(server.url(host="rebind.test")).status == 200
    assert names.asked == ("rebind.test",)
    assert f"Host: rebind.test:{server.port}".encode() in server.requests[0]


EVERY_DOOR = {
    "request": lambda url: request("POST", url, accept=["*/*"], allow_loopback=False, form=[("secret", "x")]),
    "probe": lambda url: probe(url, allow_loopback=False),
}


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_nothing_goes_out_in_clear_in_production(names, no_connections, door):
    names["idp.test"] = [["8.8.8.8"]]
    with pytest.raises(SchemeRefused):
        EVERY_DOOR[door]("http://idp.test/")
    assert not names.asked


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1"])
def test_no_door_leads_into_the_machine_in_production(names, no_connections, address):
    names["idp.test"] = [["8.8.8.8", address]]
    with pytest.raises(AddressRefused):
        EVERY_DOOR["request"]("https://idp.test/")
    assert isinstance(EVERY_DOOR["probe"]("https://idp.test/").error, AddressRefused)


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["8.8.8.8", "127.0.0.1"],
        ["10.0.0.1", "fd00:ec2::254"],
        ["8.8.8.8", "8.8.4.4", "::ffff:127.0.0.1"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
    ],
)
def test_one_forbidden_address_among_several_refuses_the_name(names, no_connections, addresses):
    names["idp.test"] = [addresses]
    with pytest.raises(AddressRefused) as refused:
        request("GET", "https://idp.test/?code=hunter2", accept=[], allow_loopback=False, limits=IMPATIENT)
    assert refused.value.detail.startswith(f"idp.test leads to {addresses[-1]}, ")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://169.254.169.254/latest/meta-data/",
    ],
)
def test_loopback_and_metadata_are_out_of_reach_however_they_are_written(no_connections, url):
    with pytest.raises(AddressRefused):
        request("GET", url, accept=[], allow_loopback=False, limits=IMPATIENT)


@pytest.mark.parametrize("host", ["localhost", "localhost.", "localtest.test"])
def test_names_of_loopback_are_out_of_reach(names, no_connections, host):
    names[host] = [["127.0.0.1"]]
    with pytest.raises(AddressRefused, match="a loopback address"):
        request("GET", f"https://{host}/", accept=[], allow_loopback=False)


def test_metadata_is_out_of_reach_even_in_development(get, no_connections):
    with pytest.raises(AddressRefused):
        get("http://169.254.169.254/latest/meta-data/")


def test_a_name_without_an_address_is_told_apart(get, names):
    names["none.test"] = [[]]
    with pytest.raises(HostUnresolved, match=r"none\.test has no address"):
        get("http://none.test/")


@pytest.mark.parametrize("error", [socket.gaierror(-2, "hunter2"), UnicodeError("hunter2")])
def test_a_name_that_is_not_known_is_told_apart(get, monkeypatch, error):
    def unknown(*args, **options):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(HostUnresolved, match=r"none\.test is not known"):
        get("http://none.test/")


def test_a_name_server_that_does_not_answer_is_given_up(get, monkeypatch):
    done = threading.Event()

    def slow(*args, **options):
        done.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(HostUnresolved, match=r"not resolved within 0\.3 s"):
        get("http://slow.test/", limits=IMPATIENT)
    done.set()


def test_the_next_address_is_tried_when_one_refuses(peer, get, names):
    server = peer(answers())
    names["idp.test"] = [["127.0.0.2", "::1", "127.0.0.1"]]
    assert get(server.url(host="idp.test")).status == 200


def test_the_next_address_is_tried_in_time_when_one_is_silent(peer, get, names):
    server = peer(answers())
    with SilentPort(server.port):
        names["idp.test"] = [["127.0.0.3", "127.0.0.1"]]
        assert 200 < get(server.url(host="idp.test"), limits=IMPATIENT).elapsed_ms < 1500


def test_a_host_where_nothing_accepts_is_told_apart(peer, get, names):
    server = peer(answers())
    with SilentPort(server.port):
        names["idp.test"] = [["127.0.0.2", "127.0.0.3"]]
        with pytest.raises(ConnectFailed, match=rf"127\.0\.0\.3 port {server.port}: no answer in time"):
            get(server.url(host="idp.test"), limits=IMPATIENT)
    with pytest.raises(ConnectFailed, match="refused"):
        get(server.url(host="127.0.0.2"))


def test_ipv6_is_spoken(peer, get):
    server = peer(answers(), address=("::1", 0))
    assert get(server.url(host="[::1]")).status == 200
    assert f"Host: [::1]:{server.port}".encode() in server.requests[0]


def test_a_deadline_that_is_over_lets_nothing_begin():
    deadline = Deadline(0)
    with pytest.raises(ResponseTimeout):
        deadline.wait(1)
