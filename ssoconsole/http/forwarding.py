"""Forwarding headers: believed from trusted proxies, removed from everybody else."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Networks = Sequence[IPv4Network | IPv6Network]
FORWARDING_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)

# Set where headers were dropped; no header can have this name.
FORWARDED_BY_NOBODY_TRUSTED = "console.forwarded_by_nobody_trusted"
# Set where the peer is a trusted proxy, whose word on the request is believed.
FROM_TRUSTED_PROXY = "console.from_trusted_proxy"


def is_trusted(address: str, networks: Networks) -> bool:
    """Tell whether an address belongs to one of the networks; what is not an address does not."""
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in networks)


def client_address(peer: str, forwarded_for: str, networks: Networks) -> str:
    """
    Tell the client's address: the first one, from the right, that no trusted proxy owns.

    Everything left of it was written by the client and proves nothing.
    """
    address = peer
    for hop in reversed([hop.strip() for hop in forwarded_for.split(",") if hop.strip()]):
        if not is_trusted(address, networks):
            break
        try:
            ip_address(hop)
        except ValueError:
            break
        address = hop
    return address


class ForwardingHeadersMiddleware:
    """Set REMOTE_ADDR to the client's address, and drop forwarding headers nobody trustworthy wrote."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        believe_forwarding_headers(request.META)
        return self.get_response(request)


def believe_forwarding_headers(meta: dict[str, Any]) -> None:
    """Do this to the headers of a request, as a WSGI environ has them."""
    peer = meta.get("REMOTE_ADDR", "")
    if is_trusted(peer, settings.TRUSTED_PROXIES):
        meta[FROM_TRUSTED_PROXY] = True
        forwarded_for = meta.get("HTTP_X_FORWARDED_FOR", "")
        meta["REMOTE_ADDR"] = client_address(peer, forwarded_for, settings.TRUSTED_PROXIES)
        return
    for header in FORWARDING_HEADERS:
        if meta.pop(header, None) is not None:
            meta[FORWARDED_BY_NOBODY_TRUSTED] = True
