"""Whom to count together."""

from ipaddress import IPv6Address, ip_address


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
