"""Documents for everybody are given from memory: new soon enough, word for word the same, to plain requests only."""

import logging
import sys
from ipaddress import ip_network

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ssoconsole.platform.metrics import REGISTRY
from tests.support.databases import one_connection
from tests.support.revoked import revoke_by_hand
from tokens.bots.services import disable_bot
from tokens.keys.services import rotate_signing_key
from tokens.models import Bot, TokenRecord
from tokens.oauth.direct import DOCUMENTS, DOCUMENTS_KEPT, STATUS_LISTS_KEPT, answering_at_once
from tokens.records.revocation import revoke_token
from tokens.status.services import KEPT, SIGNED_KEPT

DOCUMENT_PATHS = list(DOCUMENTS)
LISTS = ["/oauth/status", "/oauth/status/0"]
# These are said anew for each answer.
VARIES = {"X-Request-Id": ""}


class Server:
    """The WSGI application as the server calls it, with Django's behind it."""

    def __init__(self):
        self.asked_django = 0
        self.django = get_wsgi_application()
        self.application = answering_at_once(self._counted)

    def _counted(self, environ, start_response):
        self.asked_django += 1
        return self.django(environ, start_response)

    def get(self, path, **meta):
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "",
            "HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "x", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": sys.stdin.buffer, "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
        } | meta  # fmt: skip
        said = []
        body = b"".join(self.application(environ, lambda *given: said.append(given)))
        self.status, self.headers = int(said[-1][0][:3]), dict(said[-1][1])
        return body


@pytest.fixture
def server(db, token):
    """With a token that has been issued, so that there is something to tell."""
    with one_connection():
        yield Server()


@pytest.fixture
def monotonic(monkeypatch):
    """The clock that the memory goes by; add to it to let time pass."""
    passed = [1000.0]
    monkeypatch.setattr("tokens.oauth.direct.time.monotonic", lambda: passed[0])
    return passed


@pytest.mark.parametrize("encoding", ["", "gzip, br"])
@pytest.mark.parametrize("path", [*DOCUMENT_PATHS, *LISTS])
def test_the_second_answer_is_the_first_one_from_memory(server, path, encoding):
    first = server.get(path, HTTP_ACCEPT_ENCODING=encoding)
    status, headers = server.status, server.headers
    with CaptureQueriesContext(connection) as captured:
        second = server.get(path, HTTP_ACCEPT_ENCODING=encoding)
    assert (server.asked_django, len(captured)) == (1, 0)
    assert (second, server.status, server.headers | VARIES) == (first, status, headers | VARIES)
    assert server.headers["X-Request-Id"] != headers["X-Request-Id"]
    assert server.headers["ETag"]
    assert encoding or "Content-Encoding" not in headers


@pytest.mark.parametrize("path", [*DOCUMENT_PATHS, *LISTS])
@pytest.mark.parametrize("spelt", ["{0}", "W/{0}", '"other", {0}'])
def test_whoever_has_it_is_told_so_without_it(server, path, spelt):
    server.get(path)
    etag = server.headers["ETag"]
    assert server.get(path, HTTP_IF_NONE_MATCH=spelt.format(etag)) == b""
    assert (server.asked_django, server.status, server.headers["ETag"]) == (1, 304, etag)
    assert not {"Content-Type", "Content-Length"} & set(server.headers)
    assert {"Cache-Control", "Access-Control-Allow-Origin", "Content-Security-Policy"} <= set(server.headers)
    assert server.get(path, HTTP_IF_NONE_MATCH='"other"')
    assert server.status == 200


def test_django_says_the_same_to_whoever_has_it(server):
    server.get("/.well-known/jwks.json", HTTP_IF_NONE_MATCH='"other"')
    etag = server.headers["ETag"]
    assert Server().get("/.well-known/jwks.json", HTTP_IF_NONE_MATCH=etag) == b""


def test_new_keys_are_published_within_a_second(server, by, monotonic):
    before = server.get("/.well-known/jwks.json")
    rotate_signing_key(alg="ES256", by=by)
    assert server.get("/.well-known/jwks.json") == before
    monotonic[0] += DOCUMENTS_KEPT + 0.1
    assert server.get("/.well-known/jwks.json") != before


@pytest.mark.parametrize(
    "end",
    [
        lambda by: revoke_token(record=TokenRecord.objects.get(), by=by),
        lambda by: disable_bot(bot=Bot.objects.get(name="ingestion-bot"), by=by),
    ],
    ids=["revoked", "its bot disabled"],
)
def test_what_has_ended_is_in_the_next_answer(server, by, end, django_capture_on_commit_callbacks):
    before = server.get("/oauth/status/0")
    assert server.get("/oauth/status/0") == before
    with django_capture_on_commit_callbacks(execute=True):
        end(by)
    assert server.get("/oauth/status/0") != before


def test_a_list_is_looked_at_again_when_nobody_has_said_anything(server, monotonic):
    server.get("/oauth/status/0")
    monotonic[0] += STATUS_LISTS_KEPT + 0.1
    server.get("/oauth/status/0")
    assert server.asked_django == 2


def test_without_a_cache_no_list_is_given_from_memory(server, monkeypatch):
    monkeypatch.setattr("tokens.oauth.direct.current_word", lambda: None)
    for _ in range(3):
        server.get("/oauth/status/0")
    assert server.asked_django == 3


@pytest.mark.parametrize(
    "meta",
    [
        {"REQUEST_METHOD": "HEAD"},
        {"REQUEST_METHOD": "POST"},
        {"QUERY_STRING": "time=1"},
        {"HTTP_HOST": "elsewhere.example"},
        {"PATH_INFO": "/.well-known/jwks.json/"},
        {"PATH_INFO": "/oauth/status/999"},
        {"PATH_INFO": "/oauth/status/00"},
        {"PATH_INFO": "/"},
    ],
    ids=str,
)
def test_what_is_not_plainly_such_a_request_is_djangos_every_time(server, meta):
    path = meta.get("PATH_INFO", "/.well-known/jwks.json")
    for _ in range(2):
        server.get(path, **{name: value for name, value in meta.items() if name != "PATH_INFO"})
    assert server.asked_django == 2


def test_each_scheme_has_its_own_answer(server, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    settings.TRUSTED_PROXY_HEADER = "X-Forwarded-For"
    for scheme in ("https", "http", "https", "http"):
        server.get("/.well-known/jwks.json", HTTP_X_FORWARDED_PROTO=scheme, HTTP_X_FORWARDED_FOR="192.0.2.7")
    assert server.asked_django == 2


def test_it_is_logged_and_counted(server, caplog):
    def counted():
        labels = {"route": "jwks", "status": "2xx"}
        return REGISTRY.get_sample_value("sso_console_request_seconds_count", labels) or 0

    server.get("/.well-known/jwks.json")
    before = counted()
    with caplog.at_level(logging.INFO, logger="requests"):
        server.get("/.well-known/jwks.json")
    line = caplog.records[-1].msg
    assert (line["path"], line["status"], line["request_id"]) == (
        "/.well-known/jwks.json", 200, server.headers["X-Request-Id"],
    )  # fmt: skip
    assert counted() == before + 1


def test_a_list_is_as_old_as_it_may_be_whoever_kept_it(server, monotonic, monkeypatch, token):
    """Signed a moment ago here, and given again a moment later there: both together are KEPT seconds."""
    monotonic[0] += 100
    old = server.get(
        "/oauth/status/0", QUERY_STRING="x=1"
    )  # signed now, for a request that is not a plain one
    revoke_by_hand(TokenRecord.objects.get())  # by another process, which nobody has told of
    monotonic[0] += SIGNED_KEPT - 0.1
    assert server.get("/oauth/status/0") == old
    monotonic[0] += STATUS_LISTS_KEPT - 0.1
    assert server.get("/oauth/status/0") == old
    monotonic[0] += 0.2
    assert server.get("/oauth/status/0") != old
    assert SIGNED_KEPT + STATUS_LISTS_KEPT == KEPT == 5
