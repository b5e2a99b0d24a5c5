"""How long a peer may take and how much it may send."""

import time
from dataclasses import dataclass

from ssoconsole.outbound.errors import ResponseTimeout


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    connect: float = 3.0  # all addresses of the host together
    idle: float = 8.0  # between two bytes, either way; also name resolution and the TLS handshake
    total: float = 15.0  # from the name to the last byte of the body
    head_bytes: int = 64 * 1024  # status line and headers
    body_bytes: int = 512 * 1024


DEFAULT_LIMITS = Limits()


class Deadline:
    """The moment when one exchange is over, however busily the peer drips bytes."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the exchange began."""
        return time.monotonic() - self._started

    @property
    def left(self) -> float:
        """Seconds until the end; negative after it."""
        return self._seconds - self.elapsed

    def wait(self, longest: float) -> float:
        """Return how long the next step may take, at most `longest`. Raises ResponseTimeout after the end."""
        left = self.left
        if left <= 0:
            raise ResponseTimeout(f"no whole response within {self._seconds:.3g} s")
        return min(longest, left)
