"""Spans for whoever makes them; nothing at all while there is no tracer."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol


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
