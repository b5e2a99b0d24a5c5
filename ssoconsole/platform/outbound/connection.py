"""
From a target to a stream at a judged address, straight or through the proxy that all outbound traffic has to take, and
TLS for the name.

What was checked is what is used: the socket connects to an address that was judged, never to the name, so
that a second DNS answer cannot lead elsewhere. The certificate is checked for the name. The addresses of the target
are judged either way. Through a proxy the judgement holds as far as this machine can resolve the name: the proxy
resolves it again, and is the one to keep it from what only the proxy can see.

The timeout of a socket starts anew with every byte: a peer that drips one every few seconds would hold a worker for
hours. So every step has a fresh time limit, and the exchange as a whole has one.
"""

import base64
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache, partial
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from django.conf import settings

from ssoconsole.platform.outbound.errors import (
    AddressRefused,
    CertificateRefused,
    ConnectFailed,
    HostUnresolved,
    NameUnknown,
    ProtocolBroken,
    ResponseTimeout,
    ResponseTooLarge,
    TlsFailed,
)
from ssoconsole.platform.outbound.response import Limits
from ssoconsole.platform.outbound.targets import Target, refusal

T = TypeVar("T")

LONGEST_HEAD = 16_384  # bytes of the proxy's answer
# Names that mean something else at each machine, the metadata services of clouds among them: no proxy is asked for them
# where they cannot be judged here.
LOCAL_NAMES = (
    *("localhost", "localdomain", "localdomain4", "localdomain6", "local", "internal", "intranet", "lan"),
    *("home.arpa", "in-addr.arpa", "ip6.arpa"),
)


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


# Address family and the address to connect to, as `socket` takes them.
Endpoint = tuple[socket.AddressFamily, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Route:
    """Where to connect, which addresses of the target were `judged`, and through which proxy it goes if by any."""

    target: Target
    endpoints: list[Endpoint]
    judged: list[Endpoint]
    authorization: str | None = field(default=None, repr=False)  # None: straight


def route_to(target: Target, *, allow_loopback: bool, timeout: float) -> Route:
    """
    Return the way to `target`; `timeout`, in seconds, is for each name that has to be resolved.

    Raises HostUnresolved and AddressRefused.
    """
    through_proxy = bool(settings.OUTBOUND_PROXY) and not _is_within(target.name, settings.OUTBOUND_DIRECT)
    try:
        judged = resolve(target.host, target.port, allow_loopback=allow_loopback, timeout=timeout)
    except NameUnknown:
        # A name server that is silent is another error, which stays one: a stranger can have his name answered late.
        if not through_proxy or "." not in target.name or _is_within(target.name, LOCAL_NAMES):
            raise
        judged = []
    # This machine's own, which `allow_loopback` admits, are nobody's at the proxy.
    if not through_proxy or (judged and all(ip_address(address).is_loopback for _, (address, _) in judged)):
        return Route(target, judged, judged)
    proxy = urlsplit(settings.OUTBOUND_PROXY)
    # It is the operator's own choice, and may well be private or on this machine.
    endpoints = resolve(proxy.hostname or "", proxy.port or 0, allow_loopback=True, timeout=timeout)
    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}" if proxy.username else ""
    authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
    return Route(target, endpoints, judged, authorization)


def _is_within(name: str, domains: Sequence[str]) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def resolve(host: str, port: int, *, allow_loopback: bool, timeout: float) -> list[Endpoint]:
    """
    Return where `host` answers, in the resolver's order; `timeout` in seconds.

    One forbidden address among several refuses them all: whoever mixes one in hopes to be connected to it.
    Raises HostUnresolved and AddressRefused.
    """
    try:  # an address needs no name server, and no thread to wait for one
        literal = ip_address(host)
    except ValueError:
        endpoints = list(dict.fromkeys(_lookup(host, port, timeout)))
    else:
        endpoints = [(socket.AF_INET if literal.version == 4 else socket.AF_INET6, (str(literal), port))]
    if not endpoints:
        raise NameUnknown(f"{host} has no address")
    for _, (address, _) in endpoints:
        if reason := refusal(address, allow_loopback=allow_loopback):
            raise AddressRefused(f"{host} leads to {address}, {reason}")
    return endpoints


def _lookup(host: str, port: int, timeout: float) -> list[Endpoint]:
    answers: SimpleQueue[list[Endpoint] | None] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except (OSError, UnicodeError):
            answers.put(None)
        else:
            answers.put([(family, (str(address[0]), port)) for family, _, _, _, address in found])

    # getaddrinfo takes no time limit. A thread that is given up ends when the C library gives up, and as a
    # daemon it does not hold back the end of the process.
    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except Empty:
        raise HostUnresolved(f"{host} was not resolved within {timeout:.3g} s") from None
    if answer is None:
        raise NameUnknown(f"{host} is not known to the name server")
    return answer


def open_route(route: Route, *, limits: Limits, deadline: Deadline) -> socket.socket:
    """Return a socket to the target. Raises ConnectFailed, ResponseTimeout, ProtocolBroken."""
    sock = connect(route.endpoints, limits=limits, deadline=deadline)
    if route.authorization is None:
        return sock
    try:
        _ask_for_tunnel(sock, route, limits=limits, deadline=deadline)
    except BaseException:
        sock.close()
        raise
    return sock


def _ask_for_tunnel(sock: socket.socket, route: Route, *, limits: Limits, deadline: Deadline) -> None:
    """CONNECT (RFC 9110 section 9.3.6), by name: what a proxy lets through is written down by names."""
    name = f"[{route.target.name}]" if ":" in route.target.name else route.target.name
    authority = f"{name}:{route.target.port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    lines += [f"Proxy-Authorization: {route.authorization}"] if route.authorization else []
    head = b""
    try:
        sock.settimeout(deadline.wait(limits.idle))
        sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        # Byte by byte: what comes behind the head is the target's.
        while not head.endswith(b"\r\n\r\n") and len(head) < LONGEST_HEAD:
            sock.settimeout(deadline.wait(limits.idle))
            byte = sock.recv(1)
            if not byte:
                break
            head += byte
    except TimeoutError:
        raise ResponseTimeout("the proxy did not answer in time") from None
    except OSError:
        raise ConnectFailed("the proxy closed the connection") from None
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit() or not head.endswith(b"\r\n\r\n"):
        raise ProtocolBroken("the proxy (OUTBOUND_PROXY) does not speak HTTP")
    if rest[:1] != b"2":
        wants = ": it wants another user or password" if rest[:3] == b"407" else ""
        raise ConnectFailed(f"the proxy leads to no {route.target.name}, status {rest[:3].decode()}{wants}")


def connect(endpoints: list[Endpoint], *, limits: Limits, deadline: Deadline) -> socket.socket:
    """Return a socket to the first endpoint that accepts. Raises ConnectFailed, ResponseTimeout."""
    until = time.monotonic() + deadline.wait(limits.connect)
    failure = ""
    for tried, (family, address) in enumerate(endpoints):
        # An equal share of what is left, so that a silent address does not use up the time of the others.
        share = max(until - time.monotonic(), 0.001) / (len(endpoints) - tried)
        with ExitStack() as stack:
            try:
                sock = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                sock.settimeout(share)
                sock.connect(address)
            except OSError as error:
                silent = isinstance(error, TimeoutError)
                reason = "no answer in time" if silent else os.strerror(error.errno or 0)
                failure = f"{address[0]} port {address[1]}: {reason}"
            else:
                stack.pop_all()  # it stays open
                return sock
    raise ConnectFailed(failure)


def secure(
    sock: socket.socket, name: str, *, ca_file: str | None, limits: Limits, deadline: Deadline
) -> ssl.SSLSocket:
    """
    Return `sock` under TLS 1.2 or later, with a certificate for `name` from a trusted CA.

    Raises TlsFailed, CertificateRefused among them, and ResponseTimeout.
    """
    try:
        modified = os.stat(ca_file).st_mtime_ns if ca_file else 0
    except OSError:
        raise TlsFailed("the file of CA certificates cannot be read") from None
    context = _context(ca_file, modified)
    sock.settimeout(deadline.wait(limits.idle))
    try:
        return handshake(context, sock, name)
    except TimeoutError:
        raise ResponseTimeout(f"{name} did not finish the TLS handshake in time") from None
    except ssl.SSLCertVerificationError as error:
        detail = f"the certificate of {name} is not valid: {error.verify_message}"
        raise CertificateRefused(detail, error.verify_code) from None
    except ssl.SSLError as error:
        raise TlsFailed(f"the TLS handshake with {name} failed: {error.reason}") from None
    except OSError:
        raise TlsFailed(f"{name} closed the connection during the TLS handshake") from None


def handshake(context: ssl.SSLContext, sock: socket.socket, name: str) -> ssl.SSLSocket:
    """Shake hands over `sock` under the rules of `context`. Raises OSError, ssl.SSLError among them."""
    # In two steps: when the peer has reset the connection already, wrap_socket by itself leaves the handshake
    # out and returns a socket that sends clear text.
    secured = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError:
        secured.close()
        raise
    return secured


# Reading the CA certificates of the system takes tens of milliseconds. A file that was renewed is read again.
@lru_cache(maxsize=8)
def _context(ca_file: str | None, modified: int) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError:  # ssl.SSLError, for a file without certificates, is one too
            raise TlsFailed("the file of CA certificates cannot be read") from None
    return context


def open_wire(target: Target, *, allow_loopback: bool, ca_file: str | None, limits: Limits) -> "Wire":
    """Return a stream to `target`, by TLS where it is https. Raises the OutboundErrors of name, connection and TLS."""
    deadline = Deadline(limits.total)
    route = route_to(target, allow_loopback=allow_loopback, timeout=deadline.wait(limits.idle))
    with ExitStack() as stack:
        sock = stack.enter_context(open_route(route, limits=limits, deadline=deadline))
        if target.scheme == "https":
            secured = secure(sock, target.name, ca_file=ca_file, limits=limits, deadline=deadline)
            sock = stack.enter_context(secured)
        stack.pop_all()  # it stays open
    return Wire(sock, limits=limits, deadline=deadline)


class Wire(io.RawIOBase):
    """
    The stream under `http.client.HTTPResponse`.

    A step may take `limits.idle` seconds or what is left of `deadline`, the shorter. `left` bytes may still come in;
    after them, reading raises ResponseTooLarge. Whoever closes it closes the connection.
    """

    def __init__(self, sock: socket.socket, *, limits: Limits, deadline: Deadline) -> None:
        self._sock = sock
        self._limits = limits
        self.deadline = deadline
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

    def close(self) -> None:
        super().close()
        self._sock.close()

    def _step(self, action: Callable[[], T]) -> T:
        self._sock.settimeout(self.deadline.wait(self._limits.idle))
        try:
            return action()
        except TimeoutError:
            self.deadline.wait(0)  # says so if it is the whole that took too long
            raise ResponseTimeout(f"the peer was silent for {self._limits.idle:.3g} s") from None
        except ssl.SSLError as error:
            raise TlsFailed(f"the peer ended TLS: {error.reason}") from None
        except OSError:
            raise ProtocolBroken("the peer closed the connection too early") from None
