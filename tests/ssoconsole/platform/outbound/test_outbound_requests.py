import errno
import socket
import tomllib
from pathlib import Path

import pytest
from outbound_peer import answers, says

from ssoconsole.platform.jose.strict_json import MalformedJson
from ssoconsole.platform.outbound import client, connection, response
from ssoconsole.platform.outbound.client import request
from ssoconsole.platform.outbound.errors import (
    ConnectFailed,
    ContentTypeRefused,
    OutboundError,
    RedirectRefused,
    RequestHeaderRefused,
    ResponseTimeout,
)
from tests.support.leaks import assert_without

JSON = ["application/json"]


def head_of(peer):
    """The request line and the headers of the only request."""
    [sent] = peer.requests
    line, *headers = sent.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return line, dict(header.split(": ", 1) for header in headers)


def test_a_get_sends_these_headers_and_no_others(peer, get):
    server = peer(answers())
    get(server.url("/jwks?x=%20"))
    line, headers = head_of(server)
    assert line == "GET /jwks?x=%20 HTTP/1.1"
    assert headers == {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": client.USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def test_a_form_is_posted_in_order_with_repeated_names(peer, get):
    server = peer(answers())
    form = [("scope", "a b"), ("resource", "https://x/?a&b"), ("resource", "ü\ud800")]
    request(
        "POST",
        server.url(),
        accept=JSON,
        allow_loopback=True,
        form=form,
        headers={"Authorization": "Basic eA=="},
    )
    line, headers = head_of(server)
    body = server.requests[0].partition(b"\r\n\r\n")[2]
    assert line == "POST / HTTP/1.1"
    assert body == b"scope=a+b&resource=https%3A%2F%2Fx%2F%3Fa%26b&resource=%C3%BC%3F"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Content-Length"] == str(len(body))
    assert headers["Authorization"] == "Basic eA=="


def test_a_post_without_a_form_says_that_it_is_empty(peer):
    server = peer(answers())
    request("POST", server.url(), accept=JSON, allow_loopback=True)
    assert head_of(server)[1]["Content-Length"] == "0"


def test_the_user_agent_has_the_version_of_the_project():
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())["project"]
    assert f"SSO-Console/{project['version']}" == client.USER_AGENT


def test_the_response_is_whole(peer, get):
    headers = ["ETag: x", "Cache-Control: no-store", "cache-control: max-age=60"]
    raw = answers(b'{"a": [1]}', content_type="Application/JSON ; charset=utf-8", headers=headers)
    response = get(peer(raw).url())
    assert (response.status, response.body, response.json()) == (200, b'{"a": [1]}', {"a": [1]})
    assert response.content_type == "application/json"
    assert response.headers["etag"] == response.headers.get("ETAG") == "x"
    assert response.headers["Cache-Control"] == "no-store, max-age=60"
    assert response.headers.get("Missing") is None
    assert 0 <= response.elapsed_ms < 1000


def test_a_printed_response_shows_neither_headers_nor_body(peer, get):
    response = get(peer(answers(b'{"access_token": "hunter2"}', headers=["Set-Cookie: hunter2"])).url())
    assert_without(repr(response), "hunter2")


@pytest.mark.parametrize(
    "raw",
    [
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: x\r\n\r\n",
        b"Content-Length: 2\r\n\r\n{}and what follows",
        b"Connection: close\r\n\r\n{}",
        b"Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_body_is_framed_in_every_way_http_allows(peer, get, raw):
    raw = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + raw
    assert get(peer(says(raw)).url()).body == b"{}"


def test_an_interim_response_is_passed_over(peer, get):
    raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    response = get(peer(says(raw)).url())
    assert (response.status, response.body, response.content_type) == (204, b"", "")


def test_json_is_read_strictly(peer, get):
    with pytest.raises(MalformedJson):
        get(peer(answers(b'{"a": 1, "a": 2}')).url()).json()


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "503 Service Unavailable"])
def test_an_error_may_come_in_any_media_type(peer, get, status):
    response = get(peer(answers(b"<h1>no</h1>", status, "text/html")).url())
    assert (response.status, response.content_type) == (int(status[:3]), "text/html")


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [("text/html; charset=utf-8", "text/html"), (None, "of no known type"), ("hunter 2", "of no known type")],
)
def test_a_success_in_another_media_type_is_refused(peer, get, content_type, shown):
    with pytest.raises(ContentTypeRefused) as refused:
        get(
            peer(answers(b"<p>", content_type=content_type)).url(),
            accept=["application/json", "application/jwt"],
        )
    assert refused.value.detail == f"the answer is {shown}, expected application/json or application/jwt"


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 X", "308 X", "300 X"]
)
def test_a_redirect_is_refused_and_only_its_host_is_shown(peer, get, status):
    server = peer(answers(status=status, headers=["Location: https://u:p@login.example:1/path?code=hunter2"]))
    with pytest.raises(RedirectRefused) as refused:
        get(server.url())
    assert refused.value.detail == f"the answer is a redirect ({status[:3]}) to login.example"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/path", "the same host"),
        ("", "the same host"),
        ("https://[broken/", "a host that cannot be shown"),
        ("https://<script>/", "a host that cannot be shown"),
    ],
)
def test_a_strange_redirect_is_refused_too(peer, get, location, shown):
    with pytest.raises(RedirectRefused, match=shown):
        get(peer(answers(status="302 Found", headers=[f"Location: {location}"])).url())


def test_not_modified_is_no_redirect(peer, get):
    server = peer(says(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"))
    assert get(server.url(), headers={"If-None-Match": "x"}).status == 304


def test_proxies_of_the_environment_are_ignored(peer, get, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(peer(answers()).url()).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer hunter2\r\nX: y"),
        ("Authorization", "Bearer hunter2\n"),
        ("Authorization", "Bearer hunter2ü"),
        ("Authorization", ""),
        ("Authorization", " hunter2"),
        ("Bad Name", "hunter2"),
        ("Bad:", "hunter2"),
        ("", "hunter2"),
        ("cookie", "hunter2"),
        ("Host", "hunter2"),
        ("CONTENT-LENGTH", "7"),
    ],
)
def test_a_header_that_could_change_the_request_is_refused_without_its_value(peer, get, name, value):
    server = peer(answers())
    with pytest.raises(RequestHeaderRefused) as refused:
        get(server.url(), headers={name: value})
    assert "hunter2" not in refused.value.detail
    assert not server.requests


def test_every_refusal_has_its_own_code():
    codes = [error.code for error in OutboundError.__subclasses__()]
    assert len(set(codes)) == len(codes) == 12


def test_a_redirect_is_an_answer_for_who_asks_for_it_and_is_not_followed(peer, get):
    server = peer(answers(b"moved", status="302 Found", headers=["Location: /elsewhere?state=x"]))
    response = get(server.url(), redirects=True)
    assert (response.status, response.headers["location"]) == (302, "/elsewhere?state=x")
    assert len(server.requests) == 1


def test_who_reads_anything_takes_any_media_type(peer, get):
    server = peer(answers(b"<html>", content_type="text/html"))
    assert get(server.url(), accept=["application/json", "*/*"]).body == b"<html>"
    assert b"Accept: application/json, */*" in server.requests[0]


# Named one by one: each decides where the request goes or ends, or who the console is.
NOT_THE_CALLERS = [
    "Accept",
    "Accept-Encoding",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Expect",
    "Host",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
]


@pytest.mark.parametrize("name", NOT_THE_CALLERS)
def test_a_caller_sets_no_header_that_decides_where_a_request_ends(peer, get, name):
    server = peer(answers())
    for spelt in (name, name.lower(), name.upper()):
        with pytest.raises(RequestHeaderRefused) as refused:
            get(server.url(), headers={spelt: "hunter2"})
        assert "hunter2" not in refused.value.detail
    assert not server.requests


class Clock:
    """A clock that is set by hand."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(connection.time, "monotonic", lambda: self.now)


def test_each_step_has_what_is_left_of_the_whole_and_no_more(monkeypatch):
    """A peer that answers just in time, again and again, must not get the full wait each time."""
    clock = Clock(monkeypatch)
    deadline = connection.Deadline(15)
    waits = []
    for now in (100, 106, 108, 114.5):
        clock.now = now
        waits.append(deadline.wait(8))
    assert waits == [8, 8, 7, 0.5]
    for now in (115, 116):
        clock.now = now
        with pytest.raises(ResponseTimeout):
            deadline.wait(8)


def test_the_limits_are_those_that_the_documents_tell():
    assert (
        response.Limits(connect=3.0, idle=8.0, total=15.0, head_bytes=65_536, body_bytes=524_288)
        == response.DEFAULT_LIMITS
    )


def test_several_addresses_share_the_time_to_connect(monkeypatch):
    """A silent address does not use up the time of the next one."""
    clock, given = Clock(monkeypatch), []

    class Silent(socket.socket):
        def connect(self, address):
            given.append(self.gettimeout())
            clock.now += self.gettimeout()
            raise TimeoutError

    monkeypatch.setattr(socket, "socket", Silent)
    endpoints = [(socket.AF_INET, (f"192.0.2.{number}", 443)) for number in range(3)]
    with pytest.raises(ConnectFailed):
        connection.connect(endpoints, limits=response.Limits(), deadline=connection.Deadline(15))
    assert given == pytest.approx([1, 1, 1])


def test_an_address_of_a_family_that_this_machine_lacks_is_passed_over(peer, monkeypatch):
    server = peer(answers())

    class WithoutIpv6(socket.socket):
        def __init__(self, family=-1, *args, **kwargs):
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *args, **kwargs)

    monkeypatch.setattr(socket, "socket", WithoutIpv6)
    endpoints = [(socket.AF_INET6, ("2001:db8::1", 443)), (socket.AF_INET, ("127.0.0.1", server.port))]
    deadline = connection.Deadline(15)
    with connection.connect(endpoints, limits=response.Limits(), deadline=deadline) as sock:
        assert sock.getpeername() == ("127.0.0.1", server.port)
