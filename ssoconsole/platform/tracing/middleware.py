"""A span for each request, under the name of its route; and one for each statement in it."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse

from ssoconsole.platform.http.forwarding import FROM_TRUSTED_PROXY
from ssoconsole.platform.tracing.span import is_tracing, span

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]
VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "ROLLBACK", "WITH"})


class TracingMiddleware:
    """Trace requests; not there at all where nothing is traced. A trusted proxy's trace is continued."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not is_tracing():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as stack:
            current = stack.enter_context(span(request.method or "", **_place_of(request)))
            stack.enter_context(connection.execute_wrapper(statement))
            response = self.get_response(request)
            match = request.resolver_match
            route = (match.view_name or "unnamed") if match else "none"
            current.update_name(f"{request.method} {route}")
            current.set_attribute("http.route", route)
            current.set_attribute("http.request.method", request.method or "")
            current.set_attribute("http.response.status_code", response.status_code)
            return response


def statement(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement in a span that knows its verb and the kind of database, and neither text nor parameters."""
    verb = sql.lstrip().split(" ", 1)[0].upper()
    verb = verb if verb in VERBS else "OTHER"
    shown = {"db.system.name": connection.vendor, "db.operation.name": verb}
    with span(f"{connection.vendor} {verb}", attributes=shown):
        return execute(sql, params, many, context)


def _place_of(request: HttpRequest) -> dict[str, Any]:
    from opentelemetry.propagate import extract
    from opentelemetry.trace import SpanKind

    given = request.META.get("HTTP_TRACEPARENT", "") if request.META.get(FROM_TRUSTED_PROXY) else ""
    return {"kind": SpanKind.SERVER, "context": extract({"traceparent": given} if given else {})}
