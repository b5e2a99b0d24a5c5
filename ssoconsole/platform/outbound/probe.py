"""
How far one gets to a host, step by step, and which certificate it shows: name, connection, TLS.

The addresses are judged and pinned as for a request. Nothing is sent beyond the TLS handshake, and nothing is
read: a probe is no request.
"""

import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509

from ssoconsole.platform.outbound.connection import Deadline, Route, handshake, open_route, route_to, secure
from ssoconsole.platform.outbound.errors import CertificateRefused, OutboundError
from ssoconsole.platform.outbound.response import DEFAULT_LIMITS, Limits
from ssoconsole.platform.outbound.targets import parse

Step = Literal["resolution", "connection", "tls"]
MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says of itself, believed or not; times are aware."""

    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Probe:
    """
    The outcome. `failed` is the step that did not succeed, with its `error`; None when all did.

    `certificate` is there under https as soon as a handshake succeeded, also when it was not believed.
    """

    host: str
    port: int
    addresses: tuple[str, ...] = ()
    certificate: Certificate | None = None
    failed: Step | None = None
    error: OutboundError | None = None


def probe(
    url: str, *, allow_loopback: bool, ca_file: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Probe:
    """Go to the host of `url` as `client.request` would. Raises UrlRefused and SchemeRefused."""
    target = parse(url, allow_http=allow_loopback)
    deadline = Deadline(limits.total)
    step: Step = "resolution"
    addresses: tuple[str, ...] = ()
    shown: bytes | None = None
    failure: OutboundError | None = None
    try:
        with ExitStack() as stack:
            timeout = deadline.wait(limits.idle)
            route = route_to(target, allow_loopback=allow_loopback, timeout=timeout)
            addresses = tuple(address for _, (address, _) in route.judged)
            step = "connection"
            sock = stack.enter_context(open_route(route, limits=limits, deadline=deadline))
            step = "tls"
            if target.scheme == "https":
                secured = secure(sock, target.name, ca_file=ca_file, limits=limits, deadline=deadline)
                shown = stack.enter_context(secured).getpeercert(binary_form=True)
    except OutboundError as error:
        failure = error
        if isinstance(error, CertificateRefused):
            shown = _disbelieved(route, limits=limits, deadline=deadline)
    certificate = _read(shown) if shown else None
    return Probe(target.name, target.port, addresses, certificate, step if failure else None, failure)


def _disbelieved(route: Route, *, limits: Limits, deadline: Deadline) -> bytes | None:
    """
    Return the certificate (DER) that the peer shows in a handshake that believes anything.

    The connection is another one, carries nothing, either way, and is closed here: it exists so that an administrator
    can be told what is wrong with a certificate. None where no handshake succeeds.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with open_route(route, limits=limits, deadline=deadline) as sock:
            sock.settimeout(deadline.wait(limits.idle))
            with handshake(context, sock, route.target.name) as believed:
                return believed.getpeercert(binary_form=True)
    except (OSError, OutboundError):
        return None


def _read(der: bytes) -> Certificate | None:
    try:
        certificate = x509.load_der_x509_certificate(der)
        issuer = certificate.issuer.rfc4514_string()
        names = tuple(_names(certificate))[:MOST_NAMES]
    except (ValueError, TypeError):  # whatever a stranger's certificate holds
        return None
    return Certificate(names, issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    names = extension.value
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return [*names.get_values_for_type(x509.DNSName), *addresses]
