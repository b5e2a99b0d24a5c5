"""
The way to a target: straight to one of its addresses, or through the proxy that all outbound traffic has to take.

The addresses of the target are judged either way. Through a proxy the judgement holds as far as this machine can
resolve the name: the proxy resolves it again, and is the one to keep it from what only the proxy can see.
"""

import base64
import socket
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from django.conf import settings

from ssoconsole.platform.outbound.connection import Endpoint, connect, resolve
from ssoconsole.platform.outbound.errors import (
    ConnectFailed,
    NameUnknown,
    ProtocolBroken,
    ResponseTimeout,
)
from ssoconsole.platform.outbound.response import Deadline, Limits
from ssoconsole.platform.outbound.targets import Target

LONGEST_HEAD = 16_384  # bytes of the proxy's answer
# Names that mean something else at each machine, the metadata services of clouds among them: no proxy is asked for them
# where they cannot be judged here.
LOCAL_NAMES = (
    *("localhost", "localdomain", "localdomain4", "localdomain6", "local", "internal", "intranet", "lan"),
    *("home.arpa", "in-addr.arpa", "ip6.arpa"),
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where to connect, which `addresses` of the target were judged, and through which proxy it goes if by any."""

    target: Target
    endpoints: list[Endpoint]
    addresses: tuple[str, ...]
    authorization: str | None = field(default=None, repr=False)  # None: straight


def route_to(target: Target, *, allow_loopback: bool, timeout: float) -> Route:
    """
    Return the way to `target`; `timeout`, in seconds, is for each name that has to be resolved.

    Raises HostUnresolved and AddressRefused.
    """
    through_proxy = bool(settings.OUTBOUND_PROXY) and not _is_direct(target.name)
    try:
        judged = resolve(target.host, target.port, allow_loopback=allow_loopback, timeout=timeout)
    except NameUnknown:
        # A name server that is silent is another error, which stays one: a stranger can have his name answered late.
        if not through_proxy or _is_local(target.name):
            raise
        judged = []
    addresses = tuple(address for _, (address, _) in judged)
    # This machine's own, which `allow_loopback` admits, are nobody's at the proxy.
    if not through_proxy or (addresses and all(ip_address(address).is_loopback for address in addresses)):
        return Route(target, judged, addresses)
    proxy = urlsplit(settings.OUTBOUND_PROXY)
    # It is the operator's own choice, and may well be private or on this machine.
    endpoints = resolve(proxy.hostname or "", proxy.port or 0, allow_loopback=True, timeout=timeout)
    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}" if proxy.username else ""
    authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
    return Route(target, endpoints, addresses, authorization)


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


def _is_direct(name: str) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in settings.OUTBOUND_DIRECT)


def _is_local(name: str) -> bool:
    return "." not in name or any(name == local or name.endswith(f".{local}") for local in LOCAL_NAMES)
