"""
The outermost part of every request: where it comes from, its id, and its line in the log.

The line never has the query string, which may hold a code or a state.
"""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ssoconsole.platform.http.forwarding import ASKED_HOST, FROM_TRUSTED_PROXY, believe_forwarding_headers
from ssoconsole.platform.logs import log_at_once, request_id_var, shown_path, trace_id_var
from ssoconsole.platform.metrics import observe_request

log = logging.getLogger("requests")
PROBES = ("/healthz", "/readyz", "/metrics")
QUIET = ("/healthz", "/readyz", "/static/")
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# W3C Trace Context, version 00: version, trace id, parent id, flags. Ids of nothing but zeros are none.
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class RequestMiddleware:
    """
    Give the request an id, log it when it is done, and say the id in `X-Request-Id`.

    A trusted proxy may have given it one, and a trace, for its own log and others'; nobody else is believed. What
    everything behind this goes by is put right first: whom the request comes from, and under which name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        believe_forwarding_headers(request.META)
        # A kubelet or Prometheus has an address to call and not the console's name, which every page insists on. The
        # paths that answer without looking at the Host header may be called by any.
        if request.path_info in PROBES:
            request.META[ASKED_HOST] = request.META.get("HTTP_HOST", "")
            request.META["HTTP_HOST"] = urlsplit(settings.BASE_URL).netloc
        with request_named(request.META) as request_id:
            response = self.get_response(request)
            # The name of the route, never the path, which may name anybody.
            match = request.resolver_match
            route = (match.view_name or "unnamed") if match else ""
            if request.path_info.startswith(settings.STATIC_URL):
                route = "static"
            # The number of the person, where somebody has looked already: a log line costs no query.
            user = getattr(request, "_cached_user", None)
            who = {"user": user.pk} if user is not None and user.is_authenticated else {}
            log_request(
                method=request.method or "",
                path=request.path,
                route=route,
                status=response.status_code,
                started=started,
                **who,
            )
        response["X-Request-Id"] = request_id
        return response


@contextmanager
def request_named(meta: Mapping[str, Any]) -> Iterator[str]:
    """Give what is done in this block the id of the request with these headers, and its trace."""
    given = trace = None
    if meta.get(FROM_TRUSTED_PROXY):
        given = GIVEN_ID.fullmatch(meta.get("HTTP_X_REQUEST_ID", ""))
        trace = TRACEPARENT.fullmatch(meta.get("HTTP_TRACEPARENT", ""))
    request_id = given[0] if given else secrets.token_hex(16)
    reset = request_id_var.set(request_id)
    reset_trace = trace_id_var.set(trace[1] if trace else "")
    try:
        yield request_id
    finally:
        request_id_var.reset(reset)
        trace_id_var.reset(reset_trace)


def log_request(*, method: str, path: str, route: str, status: int, started: float, **who: int) -> None:
    """Write the line, and count the answer; `started` is what `time.perf_counter` said at the beginning."""
    seconds = time.perf_counter() - started
    observe_request(route=route, status=status, seconds=seconds)
    if not path.startswith(QUIET):
        shown, ms = shown_path(path), round(seconds * 1000, 1)
        log_at_once(log, "request", method=method, path=shown, status=status, ms=ms, **who)
