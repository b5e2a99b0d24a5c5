"""One log line a request: never its query string, which may hold a code or a state, nor a path that is a secret."""

import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from ssoconsole.logs import request_id_var, shown_path

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
            if not request.path.startswith(QUIET):
                elapsed = round((time.perf_counter() - started) * 1000, 1)
                log.info(
                    "request",
                    method=request.method,
                    path=shown_path(request.path),
                    status=response.status_code,
                    ms=elapsed,
                )
        finally:
            request_id_var.reset(reset)
        response["X-Request-Id"] = request_id
        return response
