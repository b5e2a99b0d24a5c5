"""Whom to count together."""

from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest

from ssoconsole.http.forwarding import PEER


def source_of(request: HttpRequest) -> str | None:
    """
    Return whom a request counts against (see `subscriber_of`).

    Where a proxy has left the client's address uncertain it is the proxy: whoever comes through it nameless shares
    one count.
    """
    return subscriber_of(request.META.get("REMOTE_ADDR")) or subscriber_of(request.META.get(PEER))


def subscriber_of(address: str | None) -> str | None:
    """
    Return what stands for whoever has `address`; None for what is no address.

    Of IPv6 that is the /64: one subscriber has all of it, and could come from a new address every time.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
