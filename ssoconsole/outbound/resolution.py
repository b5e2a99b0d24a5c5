"""Names to judged addresses, once per request."""

import socket
import threading
from ipaddress import ip_address
from queue import Empty, SimpleQueue

from ssoconsole.outbound.addresses import refusal
from ssoconsole.outbound.errors import AddressRefused, HostUnresolved

# Address family and the address to connect to, as `socket` takes them.
Endpoint = tuple[socket.AddressFamily, tuple[str, int]]


def resolve(host: str, port: int, *, allow_loopback: bool, timeout: float) -> list[Endpoint]:
    """
    Return where `host` answers, in the resolver's order; `timeout` in seconds.

    One forbidden address among several refuses them all: whoever mixes one in hopes to be connected to it.
    Raises HostUnresolved and AddressRefused.
    """
    endpoints = _literal(host, port) or list(dict.fromkeys(_lookup(host, port, timeout)))
    if not endpoints:
        raise HostUnresolved(f"{host} has no address")
    for _, (address, _) in endpoints:
        if reason := refusal(address, allow_loopback=allow_loopback):
            raise AddressRefused(f"{host} leads to {address}, {reason}")
    return endpoints


def _literal(host: str, port: int) -> list[Endpoint]:
    """An address needs no name server, and no thread to wait for one."""
    try:
        address = ip_address(host)
    except ValueError:
        return []
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return [(family, (str(address), port))]


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
        raise HostUnresolved(f"{host} is not known to the name server")
    return answer
