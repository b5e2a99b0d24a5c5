"""
From a name to a socket at a judged address, and TLS for the name.

What was checked is what is used: the socket connects to an address that was judged, never to the name, so
that a second DNS answer cannot lead elsewhere. The certificate is checked for the name.
"""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from queue import Empty, SimpleQueue

from ssoconsole.platform.outbound.errors import (
    AddressRefused,
    CertificateRefused,
    ConnectFailed,
    HostUnresolved,
    NameUnknown,
    OutboundError,
    ResponseTimeout,
    TlsFailed,
)
from ssoconsole.platform.outbound.response import Deadline, Limits
from ssoconsole.platform.outbound.targets import refusal

# Address family and the address to connect to, as `socket` takes them.
Endpoint = tuple[socket.AddressFamily, tuple[str, int]]


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


def connect(endpoints: list[Endpoint], *, limits: Limits, deadline: Deadline) -> socket.socket:
    """Return a socket to the first endpoint that accepts. Raises ConnectFailed, ResponseTimeout."""
    until = time.monotonic() + deadline.wait(limits.connect)
    failure = ""
    for tried, endpoint in enumerate(endpoints):
        # An equal share of what is left, so that a silent address does not use up the time of the others.
        share = max(until - time.monotonic(), 0.001) / (len(endpoints) - tried)
        try:
            return _connect(endpoint, share)
        except OSError as error:
            failure = _reason(endpoint, error)
    raise ConnectFailed(failure)


def _connect(endpoint: Endpoint, timeout: float) -> socket.socket:
    family, address = endpoint
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def _reason(endpoint: Endpoint, error: OSError) -> str:
    address, port = endpoint[1]
    reason = "no answer in time" if isinstance(error, TimeoutError) else os.strerror(error.errno or 0)
    return f"{address} port {port}: {reason}"


def secure(
    sock: socket.socket, name: str, *, ca_file: str | None, limits: Limits, deadline: Deadline
) -> ssl.SSLSocket:
    """
    Return `sock` under TLS 1.2 or later, with a certificate for `name` from a trusted CA.

    Raises TlsFailed, CertificateRefused among them, and ResponseTimeout.
    """
    context = _context(ca_file, _modified(ca_file))
    sock.settimeout(deadline.wait(limits.idle))
    try:
        return _handshake(context, sock, name)
    except TimeoutError:
        raise ResponseTimeout(f"{name} did not finish the TLS handshake in time") from None
    except ssl.SSLCertVerificationError as error:
        detail = f"the certificate of {name} is not valid: {error.verify_message}"
        raise CertificateRefused(detail, error.verify_code) from None
    except ssl.SSLError as error:
        raise TlsFailed(f"the TLS handshake with {name} failed: {error.reason}") from None
    except OSError:
        raise TlsFailed(f"{name} closed the connection during the TLS handshake") from None


def certificate_of(
    secured: ssl.SSLSocket | None,
    again: Callable[[], socket.socket],
    name: str,
    *,
    limits: Limits,
    deadline: Deadline,
) -> bytes | None:
    """
    Return the certificate that the peer shows (DER): of `secured`, or else of a handshake that believes anything.

    `again` opens the connection of that handshake, which carries nothing, either way, and is closed here: it exists
    so that an administrator can be told what is wrong with a certificate. None where no handshake succeeds.
    """
    if secured is not None:
        return secured.getpeercert(binary_form=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with again() as sock:
            sock.settimeout(deadline.wait(limits.idle))
            with _handshake(context, sock, name) as believed:
                return believed.getpeercert(binary_form=True)
    except (OSError, OutboundError):
        return None


def _handshake(context: ssl.SSLContext, sock: socket.socket, name: str) -> ssl.SSLSocket:
    # In two steps: when the peer has reset the connection already, wrap_socket by itself leaves the handshake
    # out and returns a socket that sends clear text.
    secured = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError:
        secured.close()
        raise
    return secured


def _modified(ca_file: str | None) -> int:
    try:
        return os.stat(ca_file).st_mtime_ns if ca_file else 0
    except OSError:
        raise TlsFailed("the file of CA certificates cannot be read") from None


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
