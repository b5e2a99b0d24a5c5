import socket
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outbound_peer import IMPATIENT, PATIENT, answers, drips, floods, is_silent, says

from ssoconsole.platform.outbound.client import receive, request
from ssoconsole.platform.outbound.connection import Deadline, Wire
from ssoconsole.platform.outbound.errors import (
    OutboundError,
    ProtocolBroken,
    ResponseTimeout,
    ResponseTooLarge,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PIECES = [
    *HEAD.splitlines(keepends=True),
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Location: //[\r\n",
    b"\r\n",
    b"5\r\n",
    b"=?utf-8?q?=ff?=",
]


def seconds(action):
    started = time.monotonic()
    action()
    return time.monotonic() - started


@pytest.mark.parametrize(
    "act",
    [
        drips(b"H", 0.05),
        drips(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
        drips(HEAD + b"X: y\r\n" * 1000, 0.05),
        drips(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 1000, 0.01),
        drips(CHUNKED + b"1\r\n{\r\n" * 1000, 0.005),
    ],
)
def test_a_peer_that_drips_is_given_up_when_the_time_is_over(peer, get, act):
    def fetch():
        with pytest.raises(ResponseTimeout, match=r"no whole response within 0\.7 s"):
            get(peer(act).url(), limits=IMPATIENT)

    assert 0.6 < seconds(fetch) < 3


def test_a_silent_peer_is_given_up_earlier(peer, get):
    def fetch():
        with pytest.raises(ResponseTimeout, match=r"silent for 0\.3 s"):
            get(peer(is_silent).url(), limits=IMPATIENT)

    assert 0.2 < seconds(fetch) < 3


def test_a_peer_that_falls_silent_in_the_body_is_given_up(peer, get):
    def starts(connection, peer):
        connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n{")
        is_silent(connection, peer)

    with pytest.raises(ResponseTimeout, match="silent"):
        get(peer(starts).url(), limits=IMPATIENT)


def test_a_peer_that_does_not_read_is_given_up(peer):
    server = peer(is_silent)
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    endless = [("assertion", "x" * 10_000_000)]

    def deaf(connection):
        server.stopped.wait(5)
        connection.close()

    server._serve = deaf
    with pytest.raises(ResponseTimeout):
        request("POST", server.url(), accept=["*/*"], allow_loopback=True, form=endless, limits=IMPATIENT)


@pytest.mark.parametrize(
    "act",
    [
        floods(b"", b"HTTP/1.1 200 " + b"x" * 5000),
        floods(HEAD, b"X: " + b"y" * 90 + b"\r\n"),
        floods(HEAD, b"x"),
        floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        floods(HEAD + b"\r\n", b" " * 1000),
        floods(CHUNKED, b"100\r\n" + b" " * 256 + b"\r\n"),
        floods(CHUNKED + b"1000000\r\n", b" " * 1000),
        floods(CHUNKED + b"-1\r\n", b" " * 1000),
        floods(CHUNKED, b"1;" + b"x" * 3000 + b"\r\n{\r\n"),
        floods(CHUNKED + b"0\r\n", b"X: y\r\n"),
        says(HEAD + b"Content-Length: 2049\r\n\r\n"),
        answers(b" " * 2049),
    ],
)
def test_a_peer_that_sends_without_end_is_cut_off(peer, get, act):
    with pytest.raises((ResponseTooLarge, ProtocolBroken)) as refused:
        get(peer(act).url())
    assert refused.value.code == "response_too_large"


def test_a_body_of_exactly_the_limit_is_taken(peer, get):
    body = b" " * 2046 + b"{}"
    assert get(peer(answers(body)).url()).body == body
    assert get(peer(says(HEAD + b"\r\n" + body)).url()).body == body
    assert get(peer(says(CHUNKED + b"800\r\n" + body + b"\r\n0\r\n\r\n")).url()).body == body


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"hunter2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 1000 High\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        HEAD + b"X: y\r\n" * 200 + b"\r\n",
        HEAD + b"Content-Length: 9\r\n\r\n{}",
        CHUNKED,
        CHUNKED + b"hunter2\r\n{}\r\n",
        CHUNKED + b"9\r\n{}\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_what_is_no_whole_http_response_is_refused_and_not_quoted(peer, get, raw):
    with pytest.raises(ProtocolBroken) as refused:
        get(peer(says(raw)).url())
    assert "hunter2" not in refused.value.detail


def test_a_connection_that_is_reset_is_no_response(peer, get):
    def reset(connection, peer):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with pytest.raises(ProtocolBroken, match="too early"):
        get(peer(reset).url())


def test_no_error_shows_query_credential_or_body(peer, get):
    secret = {"headers": {"Authorization": "Bearer hunter2"}}
    for act in (says(b"hunter2"), is_silent, answers(b"hunter2", content_type="text/hunter2 x")):
        with pytest.raises(OutboundError) as failed:
            get(peer(act).url("/hunter2?code=hunter2"), limits=IMPATIENT, **secret)
        assert "hunter2" not in f"{failed.value!r} {failed.value} {failed.value.detail}"


@given(st.lists(st.binary(max_size=40) | st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_no_bytes_raise_anything_but_an_outbound_error(raw):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        wire = Wire(ours, limits=PATIENT, deadline=Deadline(5))
        try:
            receive(wire, method="GET", accept=["application/json"], limits=PATIENT)
        except OutboundError:
            pass
