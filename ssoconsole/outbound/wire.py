"""Bytes to and from the peer, with a fresh time limit for every step and a limit to how many come back."""

import io
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ssoconsole.outbound.errors import ProtocolBroken, ResponseTimeout, ResponseTooLarge, TlsFailed
from ssoconsole.outbound.limits import Deadline, Limits

T = TypeVar("T")


class Wire(io.RawIOBase):
    """
    The stream under `http.client.HTTPResponse`.

    The timeout of a socket starts anew with every byte: a peer that drips one every few seconds would hold a
    worker for hours. Here a step may take `limits.idle` seconds or what is left of `deadline`, the shorter.
    """

    def __init__(self, sock: socket.socket, *, limits: Limits, deadline: Deadline) -> None:
        self._sock = sock
        self._limits = limits
        self._deadline = deadline
        self._left = 0

    def allow(self, count: int) -> None:
        """Let `count` more bytes in; after them, reading raises ResponseTooLarge."""
        self._left = count

    def send(self, message: bytes) -> None:
        """Send all of `message`. Raises ResponseTimeout, ProtocolBroken, TlsFailed."""
        rest = memoryview(message)
        while rest:
            rest = rest[self._step(partial(self._sock.send, rest)) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what HTTPResponse reads from: a socket would be asked for the same."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader passes no other
        """Read as `recv_into` does. Raises ResponseTooLarge, ResponseTimeout, ProtocolBroken, TlsFailed."""
        if self._left <= 0:
            raise ResponseTooLarge("the response is longer than it may be")
        count = self._step(partial(self._sock.recv_into, buffer[: self._left]))
        self._left -= count
        return count

    def _step(self, action: Callable[[], T]) -> T:
        self._sock.settimeout(self._deadline.wait(self._limits.idle))
        try:
            return action()
        except TimeoutError:
            self._deadline.wait(0)  # says so if it is the whole that took too long
            raise ResponseTimeout(f"the peer was silent for {self._limits.idle:.3g} s") from None
        except ssl.SSLError as error:
            raise TlsFailed(f"the peer ended TLS: {error.reason}") from None
        except OSError:
            raise ProtocolBroken("the peer closed the connection too early") from None
