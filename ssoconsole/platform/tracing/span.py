"""Spans for whoever makes them; nothing at all while there is no tracer.

Starting to trace, where the environment asks for it and the packages are there.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from django.conf import settings
from django.core import checks

from ssoconsole.platform.version import VERSION


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
_tracer: Any = None


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


PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
SERVICE = "sso-console"


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
