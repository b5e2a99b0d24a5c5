"""
Read one HTTP/1.1 response (RFC 9112) within limits of time and size, or say why it is not taken.

The timeout of a socket starts anew with every byte: a peer that drips one every few seconds would hold a worker for
hours. So every step has a fresh time limit, and the exchange as a whole has one.
"""

import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException, HTTPResponse
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.utils.datastructures import CaseInsensitiveMapping

from ssoconsole.platform.jose import strict_json
from ssoconsole.platform.outbound.errors import (
    ContentTypeRefused,
    ProtocolBroken,
    RedirectRefused,
    ResponseTimeout,
    ResponseTooLarge,
    TlsFailed,
)

T = TypeVar("T")

NOT_MODIFIED = 304
ANYTHING = "*/*"
# A JSON document by its own types (RFC 8259 section 11, RFC 7517 section 8.5), and as file servers call it, or do not.
# Whether it is one is for who parses it; a web page is none.
JSON_DOCUMENT = (
    *("application/json", "application/jwk-set+json", "application/jwk+json", "text/json"),
    *("text/plain", "application/octet-stream", "binary/octet-stream", ""),
)
# Other names of JSON, which nobody is asked for: with the suffix +json (RFC 6839 section 3.1), and older ones.
_JSON_TOO = re.compile(r".+\+json|(?:application|text)/(?:x-json|(?:x-)?javascript)")

_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    connect: float = 3.0  # all addresses of the host together
    idle: float = 8.0  # between two bytes, either way; also name resolution and the TLS handshake
    total: float = 15.0  # from the name to the last byte of the body
    head_bytes: int = 64 * 1024  # status line and headers
    body_bytes: int = 512 * 1024


DEFAULT_LIMITS = Limits()


def is_json_document(media_type: str) -> bool:
    """Tell whether what has this type, in lower case, may be a JSON document; a web page is none."""
    return media_type in JSON_DOCUMENT or bool(_JSON_TOO.fullmatch(media_type))


class Deadline:
    """The moment when one exchange is over, however busily the peer drips bytes."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.started = time.monotonic()

    def wait(self, longest: float) -> float:
        """Return how long the next step may take, at most `longest`. Raises ResponseTimeout after the end."""
        left = self._seconds - (time.monotonic() - self.started)
        if left <= 0:
            raise ResponseTimeout(f"no whole response within {self._seconds:.3g} s")
        return min(longest, left)


class Wire(io.RawIOBase):
    """
    The stream under `http.client.HTTPResponse`.

    A step may take `limits.idle` seconds or what is left of `deadline`, the shorter. `left` bytes may still come in;
    after them, reading raises ResponseTooLarge.
    """

    def __init__(self, sock: socket.socket, *, limits: Limits, deadline: Deadline) -> None:
        self._sock = sock
        self._limits = limits
        self._deadline = deadline
        self.left = 0

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
        if self.left <= 0:
            raise ResponseTooLarge("the response is longer than it may be")
        count = self._step(partial(self._sock.recv_into, buffer[: self.left]))
        self.left -= count
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


@dataclass(frozen=True, slots=True)
class Response:
    """
    A whole response. Its repr shows neither headers nor body, which may hold tokens.

    `headers` is read by name in any case, repeated ones joined by ", " (RFC 9110 section 5.3). `content_type`
    is the media type alone, in lower case, "" if there is none. `elapsed_ms` includes name resolution.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    content_type: str
    elapsed_ms: int

    def json(self) -> Any:
        """Parse the body strictly, whatever its media type, without a BOM. Raises `strict_json.MalformedJson`."""
        return strict_json.loads(self.body.removeprefix(strict_json.BYTE_ORDER_MARK))


def receive(
    wire: Wire,
    *,
    method: str,
    accept: Collection[str],
    limits: Limits,
    deadline: Deadline,
    redirects: bool = False,
) -> Response:
    """Read from `wire` what answers a request by `method`. Raises every OutboundError about responses."""
    wire.left = limits.head_bytes
    answer = HTTPResponse(wire, method=method)  # type: ignore[arg-type]  # of a socket it asks makefile() alone
    try:
        answer.begin()
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        _refuse_head(answer, media_type, accept, redirects=redirects)
        # Framing included: if only bytes of the body counted, chunk headers could go on for ever.
        wire.left = 2 * limits.body_bytes + limits.head_bytes
        announced = answer.length or 0
        body = answer.read(limits.body_bytes + 1) if announced <= limits.body_bytes else b""
        if max(announced, len(body)) > limits.body_bytes:
            raise ResponseTooLarge(f"the body is longer than {limits.body_bytes} bytes")
        if answer.length:
            raise ProtocolBroken("the body is shorter than announced")
    except HTTPException:
        # Its text quotes what came; that belongs in no log.
        raise ProtocolBroken("the answer is not a whole HTTP/1.1 response") from None
    finally:
        answer.close()
    headers = {}
    for name in answer.headers:
        headers[name] = ", ".join(answer.headers.get_all(name, []))
    elapsed_ms = round((time.monotonic() - deadline.started) * 1000)
    return Response(answer.status, CaseInsensitiveMapping(headers), body, media_type, elapsed_ms)


def _refuse_head(answer: HTTPResponse, media_type: str, accept: Collection[str], *, redirects: bool) -> None:
    """Refuse framing that nobody asked for, a redirect unless `redirects`, and a success in another media type."""
    status, headers = answer.status, answer.headers
    if status < 200:
        raise ProtocolBroken(f"the answer has the status {status}, which ends no exchange")
    if headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
        raise ProtocolBroken("the answer has a transfer coding that nobody asked for")
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise ProtocolBroken("the answer is compressed, and nobody asked for that")
    if 300 <= status < 400:
        if redirects:
            return
        if status != NOT_MODIFIED:
            target = _host_of(headers.get("Location", ""))
            raise RedirectRefused(f"the answer is a redirect ({status}) to {target}")
    # Errors come in any type, and an empty body has none.
    if status >= 400 or answer.length == 0 or ANYTHING in accept or media_type in map(str.lower, accept):
        return
    if accept == JSON_DOCUMENT and is_json_document(media_type):
        return
    shown = media_type if _MEDIA_TYPE.fullmatch(media_type) else "of no known type"
    raise ContentTypeRefused(f"the answer is {shown}, expected {' or '.join(sorted(filter(None, accept)))}")


def _host_of(location: str) -> str:
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = ""
    if host is None:
        return "the same host"
    return host if _HOST.fullmatch(host) else "a host that cannot be shown"
