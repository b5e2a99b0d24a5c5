"""
How far a long command has come, for whoever waits for it.

What works through many things says how many it has done (`over`). The command that waits for it is told, and where
none does, nobody is.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper

Item = TypeVar("Item")
WIDTH = 30
ON_A_TERMINAL, ELSEWHERE = 0.2, 10.0  # seconds from one to the next
_stream: "ContextVar[OutputWrapper | None]" = ContextVar("stream", default=None)


@contextmanager
def shown_on(stream: "OutputWrapper | None") -> Iterator[None]:
    """Tell this stream meanwhile; with None, nobody."""
    before = _stream.set(stream)
    try:
        yield
    finally:
        _stream.reset(before)


def over(items: Iterable[Item], *, what: str, total: int | None = None, each: int = 1) -> Iterator[Item]:
    """
    Give the items one after the other; `what` they are stands before the numbers, and `total` after them where it is
    known. Each item stands for that many of them.

    On a terminal it is a bar, which leaves nothing behind, elsewhere a line now and then. What is done within the first
    of these times is not told.
    """
    stream = _stream.get()
    bar = stream is not None and stream.isatty()
    last, drawn = monotonic(), False
    try:
        for done, item in zip(count(each, each), items, strict=False):
            yield item
            if stream is None or monotonic() - last < (ON_A_TERMINAL if bar else ELSEWHERE):
                continue
            last, drawn = monotonic(), bar
            if bar and total is not None:
                filled = "#" * min(WIDTH * done // max(total, 1), WIDTH)
                line = f"{what} [{filled:<{WIDTH}}] {done}/{total}"
            else:
                line = f"{what}: {done}" + (f" of {total}" if total is not None else "")
            stream.write(f"\r{line}" if bar else line, ending="" if bar else "\n")
            stream.flush()
    finally:
        if stream is not None and drawn:
            stream.write("\r\x1b[K", ending="")  # the line is the next one's
            stream.flush()
