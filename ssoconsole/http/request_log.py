"""One log line a request: never its query string, which may hold a code or a state."""

import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ssoconsole.logs import request_id_var
from ssoconsole.metrics.counting import observe_request

log = structlog.get_logger("requests")
QUIET = ("/healthz", "/readyz", "/static/")


class RequestLogMiddleware:
    """Give the request an id, log it when it is done, and say the id in `X-Request-Id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        reset = request_id_var.set(request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            observe_request(route=_route_of(request), status=response.status_code, seconds=seconds)
            if not request.path.startswith(QUIET):
                log.info(
                    "request",
                    method=request.method,
                    path=request.path,
                    status=response.status_code,
                    ms=round(seconds * 1000, 1),
                )
        finally:
            request_id_var.reset(reset)
        response["X-Request-Id"] = request_id
        return response


def _route_of(request: HttpRequest) -> str:
    """The name of the route that the request took; never its path, which may name anybody."""
    if request.path_info.startswith(settings.STATIC_URL):
        return "static"
    match = request.resolver_match
    return match.view_name or "unnamed" if match else ""
