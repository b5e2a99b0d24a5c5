"""How far a long command has come, for whoever waits for it."""

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper

Item = TypeVar("Item")
WIDTH = 30
ON_A_TERMINAL, ELSEWHERE = 0.2, 10.0  # seconds from one to the next


class Progress:
    """
    Tells a stream: by a bar on a terminal, which leaves nothing behind, by a line now and then elsewhere.

    What is done within the first of these times is not told, and with None for a stream nothing is.
    """

    def __init__(self, stream: "OutputWrapper | None" = None) -> None:
        self._stream = stream

    def over(self, items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:
        """Give the items one after the other; `what` they are stands before the numbers."""
        stream = self._stream
        bar = stream is not None and stream.isatty()
        last, drawn = monotonic(), False
        try:
            for done, item in enumerate(items, 1):
                yield item
                if stream is None or monotonic() - last < (ON_A_TERMINAL if bar else ELSEWHERE):
                    continue
                last, drawn = monotonic(), bar
                filled = "#" * min(WIDTH * done // max(total, 1), WIDTH)
                line = f"\r{what} [{filled:<{WIDTH}}] {done}/{total}" if bar else f"{what}: {done} of {total}"
                stream.write(line, ending="" if bar else "\n")
                stream.flush()
        finally:
            if stream is not None and drawn:
                stream.write("\r\x1b[K", ending="")  # the line is the next one's
                stream.flush()
