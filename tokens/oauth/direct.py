"""
The WSGI door of what bots and APIs ask for most, without Django's handler and its middleware: the three endpoints, and
the documents for everybody, whose last answer is kept in memory.

Most of the middleware handle what these requests cannot have: a session, a person, a message, a static file. What does
concern them is done here, each by the middleware's own code: the forwarding headers, the request's id, its log line
and its metrics, and the headers of every answer. Whatever is not exactly such a request goes to Django unread.
"""

import io
import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.http import parse_etags

from ssoconsole.platform.http.forwarding import SCHEME, believe_forwarding_headers
from ssoconsole.platform.http.request_log import log_request, request_named
from ssoconsole.platform.tracing import is_tracing
from tokens.oauth import answers
from tokens.oauth.door import CREDENTIAL_IS_UNKNOWN, LEFT_TO_THE_ENDPOINT
from tokens.oauth.introspect import INTROSPECTION
from tokens.oauth.revoke import REVOCATION
from tokens.oauth.token import TOKEN
from tokens.protocol.form import MOST_BYTES
from tokens.status.services import KEPT, SIGNED_KEPT, current_word

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

# Path to the name of its route, and what answers there.
ENDPOINTS = {
    "/oauth/token": ("oauth_token", TOKEN),
    "/oauth/introspect": ("oauth_introspect", INTROSPECTION),
    "/oauth/revoke": ("oauth_revoke", REVOCATION),
}


# Digits of a Content-Length that is read; a number may have any number of zeros before it.
LONGEST_LENGTH = 18

# Path to the name of its route, of what is the same for everybody; and of what says which tokens have ended.
DOCUMENTS = {
    "/.well-known/oauth-authorization-server": "oauth_metadata",
    "/.well-known/jwks.json": "jwks",
    "/api/v1/system/config/jwks": "jwks_openmetadata",
}
STATUS_LISTS = re.compile(r"/oauth/status(/[0-9]{1,9})?")
# How long an answer is given again without a look at the database, in seconds. APIs keep the documents for minutes; a
# status list is given again as long as no token has ended.
DOCUMENTS_KEPT, STATUS_LISTS_KEPT = 1.0, float(KEPT - SIGNED_KEPT)
MOST_KEPT = 64


class KeptAnswer(NamedTuple):
    """A 200 of Django's; what `current_word` said before it was made, and until when it is given (time.monotonic)."""

    word: str | None
    until: float
    etag: str
    headers: list[tuple[str, str]]
    body: bytes


def answering_at_once(application: Application) -> Application:
    """Wrap Django's WSGI application."""
    kept: dict[tuple[str, str, bool], KeptAnswer] = {}

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            return document(environ, start_response)
        found = ENDPOINTS.get(environ["PATH_INFO"])
        if found is None or not _is_plain(environ):
            return application(environ, start_response)
        route, endpoint = found
        started = time.perf_counter()
        sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        meta, scheme = _believed(environ)
        headers = _headers(scheme)
        if not connection.in_atomic_block:  # a request begins within none, unless all of it is tried in one
            connection.close_if_unusable_or_obsolete()
        with request_named(meta) as request_id:
            try:
                whole = len(sent) == int(environ["CONTENT_LENGTH"])
                body = endpoint.answer(sent, meta) if whole and headers else None
            except Exception:  # Django meets it as well, and tells of it as of every failure
                body = None
            if body is not None:
                log_request(
                    method="POST", path=environ["PATH_INFO"], route=route, status=200, started=started
                )
        if body is None:
            environ[LEFT_TO_THE_ENDPOINT] = True
            if CREDENTIAL_IS_UNKNOWN in meta:
                environ[CREDENTIAL_IS_UNKNOWN] = True
            environ["wsgi.input"] = io.BytesIO(sent)
            return application(environ, start_response)
        content = [("Content-Type", answers.content_type_of(body)), ("Content-Length", str(len(body)))]
        start_response("200 OK", [*content, *headers, ("X-Request-Id", request_id)])
        return [body]

    def document(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        route = _document_route(environ)
        if not route:
            return application(environ, start_response)
        started = time.perf_counter()
        meta, scheme = _believed(environ)
        key = environ["PATH_INFO"], scheme, "gzip" in meta.get("HTTP_ACCEPT_ENCODING", "")
        is_document = route in DOCUMENTS.values()
        word = "" if is_document else current_word()
        known = kept.get(key)
        if known is None or known.word != word or time.monotonic() > known.until:
            until = time.monotonic() + (DOCUMENTS_KEPT if is_document else STATUS_LISTS_KEPT)
            said: list[tuple[str, list[tuple[str, str]]]] = []

            def starting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                said.append((status, headers))
                return start_response(status, headers, *rest)

            answered = application(environ, starting)
            body = b"".join(answered)
            getattr(answered, "close", lambda: None)()
            new = _kept_answer(*said[-1], body, word=word, until=until)
            if new is not None and word is not None:
                if len(kept) >= MOST_KEPT:
                    kept.clear()
                kept[key] = new
            return [body]
        sent = parse_etags(environ.get("HTTP_IF_NONE_MATCH", "")[:1000])
        same = known.etag and known.etag in [each.removeprefix("W/") for each in sent]
        status, body = ("304 Not Modified", b"") if same else ("200 OK", known.body)
        with request_named(meta) as request_id:
            log_request(
                method="GET", path=environ["PATH_INFO"], route=route, status=int(status[:3]), started=started
            )
        headers = [each for each in known.headers if not same or each[0] not in NOT_IN_304]
        start_response(status, [*headers, ("X-Request-Id", request_id)])
        return [body]

    return answer


# RFC 9110 section 15.4.5: what only goes with the body.
NOT_IN_304 = ("Content-Type", "Content-Length", "Content-Encoding")


def _document_route(environ: dict[str, Any]) -> str:
    """The name of the route of a plain request for such a document, or nothing."""
    path = environ["PATH_INFO"]
    listed = STATUS_LISTS.fullmatch(path)
    route = DOCUMENTS.get(path) or (listed and ("oauth_status_list" if listed[1] else "oauth_status_lists"))
    plain = not environ.get("QUERY_STRING") and _is_for_this_host(environ) and not is_tracing()
    return route if route and plain else ""


def _kept_answer(
    status: str, headers: list[tuple[str, str]], body: bytes, *, word: str | None, until: float
) -> KeptAnswer | None:
    named = {name.lower(): value for name, value in headers}
    if not status.startswith("200") or "set-cookie" in named:
        return None
    etag = named.get("etag", "").removeprefix("W/")
    again = [each for each in headers if each[0] != "X-Request-Id"]
    return KeptAnswer(word, until, etag, again, body)


@lru_cache(maxsize=8)
def _headers(scheme: str) -> list[tuple[str, str]]:
    """
    Return the headers of every answer to a request by this scheme, as the middleware that sets them has it.

    None where one of them answers by itself, as by leading to https.
    """

    def uncached(request: HttpRequest) -> HttpResponse:
        return answers.at_once(b"")

    request = HttpRequest()
    request.META = {SCHEME: scheme, "HTTP_HOST": urlsplit(settings.BASE_URL).netloc}
    response: Any = SecurityMiddleware(CSPMiddleware(XFrameOptionsMiddleware(uncached)))(request)
    del response["Content-Type"]
    return list(response.items()) if response.status_code == 200 else []


def _is_plain(environ: dict[str, Any]) -> bool:
    length = environ.get("CONTENT_LENGTH", "")
    return (
        environ["REQUEST_METHOD"] == "POST"
        and not environ.get("QUERY_STRING")
        and length.isascii()
        and length.isdecimal()
        and len(length) <= LONGEST_LENGTH
        and "HTTP_TRANSFER_ENCODING" not in environ
        and int(length) <= MOST_BYTES
        and _is_for_this_host(environ)
        and not is_tracing()
    )


def _believed(environ: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A copy of the environ as its forwarding headers make it, which Django reads for itself, and the scheme."""
    meta = dict(environ)
    believe_forwarding_headers(meta)
    return meta, meta.get(SCHEME, environ["wsgi.url_scheme"])


def _is_for_this_host(environ: dict[str, Any]) -> bool:
    return bool(environ.get("HTTP_HOST") == urlsplit(settings.BASE_URL).netloc)
