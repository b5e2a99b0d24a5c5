"""
Traces by OpenTelemetry, for whoever sets OTEL_EXPORTER_OTLP_ENDPOINT and installs requirements-otel.txt.

There is a span for each request, under the name of its route, one for each statement in it, and one for whatever else
asks for it. A span says what kind of thing was done and how long it took: the route, the verb of a statement, the
host of a call. Never a query string, a header, a parameter, a path or a body. Without the variable nothing of it is
imported, and a span does nothing.
"""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, Protocol

from django.conf import settings
from django.core import checks
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse

from ssoconsole.platform.http.forwarding import FROM_TRUSTED_PROXY
from ssoconsole.platform.version import VERSION

_tracer: Any = None

PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
SERVICE = "sso-console"

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]
VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "ROLLBACK", "WITH"})


class Span(Protocol):
    def set_attribute(self, key: str, value: str | int) -> None: ...

    def update_name(self, name: str) -> None: ...


class NoSpan:
    """What there is without a tracer."""

    def set_attribute(self, key: str, value: str | int) -> None:
        pass

    def update_name(self, name: str) -> None:
        pass


_NOTHING = nullcontext(NoSpan())


def use_tracer(tracer: Any) -> None:
    """Let spans go to `tracer`, an OpenTelemetry one, from now on; None for nowhere."""
    global _tracer
    _tracer = tracer


def is_tracing() -> bool:
    return _tracer is not None


def span(
    name: str, *, attributes: Mapping[str, str | int] | None = None, **options: Any
) -> AbstractContextManager[Span]:
    """
    Time this block as a span. An exception is its kind alone: its text may quote what somebody sent.

    `options` are `kind` and `context`, as OpenTelemetry's tracer takes them.
    """
    return _NOTHING if _tracer is None else _traced(name, attributes, options)


@contextmanager
def _traced(
    name: str, attributes: Mapping[str, str | int] | None, options: Mapping[str, Any]
) -> Iterator[Span]:
    quiet = {"record_exception": False, "set_status_on_exception": False}
    with _tracer.start_as_current_span(name, attributes=attributes, **quiet, **options) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__qualname__)
            raise


def start_tracing() -> None:
    """Send spans to OTEL_EXPORTER_OTLP_ENDPOINT; nothing without it, or without the packages."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or not packages_are_there():
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Of its own and not the process's: no library that traces finds it. What else it may be told (headers, a
    # certificate, sampling) the library reads from the standard variables itself.
    resource = Resource.create({"service.name": SERVICE, "service.version": VERSION})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use_tracer(provider.get_tracer(SERVICE, VERSION))


def packages_are_there() -> bool:
    try:
        return all(importlib.util.find_spec(name) is not None for name in PACKAGES)
    except ModuleNotFoundError:  # of a parent
        return False


@checks.register("tracing")
def tracing_is_possible(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Who asks for traces has the packages for them."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT and not packages_are_there():
        yield checks.Warning(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages that trace are missing: nothing is traced.",
            hint="pip install --require-hashes -r requirements-otel.txt, or unset the variable.",
            id="ssoconsole.W002",
        )


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
