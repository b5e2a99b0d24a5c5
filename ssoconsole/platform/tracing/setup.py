"""Starting to trace, where the environment asks for it and the packages are there."""

import importlib.util
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from ssoconsole.platform.tracing.span import use_tracer
from ssoconsole.platform.version import VERSION

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
