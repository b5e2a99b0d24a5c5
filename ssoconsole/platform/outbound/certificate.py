"""The certificate of a host, as a request to it would meet it."""

import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from ssoconsole.platform.outbound.connection import Deadline, open_route, route_to, secure
from ssoconsole.platform.outbound.errors import TlsFailed
from ssoconsole.platform.outbound.response import DEFAULT_LIMITS, Limits
from ssoconsole.platform.outbound.targets import parse

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Certificate:
    """When it ends, and the names of the host and of the authority, as a person tells them apart."""

    not_after: datetime
    subject: str
    issuer: str


def peer_certificate(
    url: str, *, allow_loopback: bool, ca_file: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Certificate:
    """
    Return the certificate of the host of an https URL, under every rule of this package; nothing is asked of it.

    One that is not valid for the name, or not any more, is no certificate here. Raises OutboundError.
    """
    target = parse(url, allow_http=False)
    deadline = Deadline(limits.total)
    timeout = deadline.wait(limits.idle)
    route = route_to(target, allow_loopback=allow_loopback, timeout=timeout)
    with ExitStack() as stack:
        sock = stack.enter_context(open_route(route, limits=limits, deadline=deadline))
        secured = stack.enter_context(
            secure(sock, target.name, ca_file=ca_file, limits=limits, deadline=deadline)
        )
        fields = secured.getpeercert()
    if not fields:
        raise TlsFailed("the host has shown no certificate")
    not_after = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(fields["notAfter"])), tz=UTC)
    return Certificate(not_after, _name(fields.get("subject")), _name(fields.get("issuer")))


def _name(parts: object) -> str:
    """The common name or, where there is none, the organisation; a certificate may have neither."""
    pairs = [pair for group in parts for pair in group] if isinstance(parts, tuple) else []
    found = {str(name): str(value) for name, value in pairs}
    return (found.get("commonName") or found.get("organizationName") or "")[:LONGEST_NAME]
