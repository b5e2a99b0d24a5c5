"""
The WSGI door of the three endpoints: what bots ask for most, without Django's handler and its middleware.

Most of those handle what these requests cannot have: a session, a person, a message, a static file. What does concern
them is done here, each by the middleware's own code: the forwarding headers, the request's id, its log line and its
metrics, and the headers of every answer. Whatever is not exactly such a request goes to Django unread.
"""

import io
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from ssoconsole.http.forwarding import SCHEME, believe_forwarding_headers
from ssoconsole.http.request_log import log_request, request_named
from ssoconsole.tracing.span import is_tracing
from tokens.oauth import answers
from tokens.oauth.door import CREDENTIAL_IS_UNKNOWN, LEFT_TO_THE_ENDPOINT
from tokens.oauth.introspect import INTROSPECTION
from tokens.oauth.revoke import REVOCATION
from tokens.oauth.token import TOKEN
from tokens.protocol.form import MOST_BYTES

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

# Path to the name of its route, and what answers there.
ENDPOINTS = {
    "/oauth/token": ("oauth_token", TOKEN),
    "/oauth/introspect": ("oauth_introspect", INTROSPECTION),
    "/oauth/revoke": ("oauth_revoke", REVOCATION),
}


def answering_at_once(application: Application) -> Application:
    """Wrap Django's WSGI application."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        found = ENDPOINTS.get(environ["PATH_INFO"])
        if found is None or not _is_plain(environ):
            return application(environ, start_response)
        route, endpoint = found
        started = time.perf_counter()
        sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        # A copy: Django reads the forwarding headers for itself, if it comes to that.
        meta = dict(environ)
        believe_forwarding_headers(meta)
        headers = _headers(meta.get(SCHEME, environ["wsgi.url_scheme"]))
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

    return answer


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
        and "HTTP_TRANSFER_ENCODING" not in environ
        and int(length) <= MOST_BYTES
        and environ.get("HTTP_HOST") == urlsplit(settings.BASE_URL).netloc
        and not is_tracing()
    )
