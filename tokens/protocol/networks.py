"""From where a bot may come."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from ssoconsole.platform.jose.errors import shown
from tokens.errors import NetworkInvalid

Network = IPv4Network | IPv6Network


def check_networks(networks: Iterable[object]) -> list[str]:
    """Return the CIDR ranges in canonical spelling, each once. Raises NetworkInvalid."""
    return list(dict.fromkeys(str(_network(network)) for network in networks))


def is_allowed(address: str | None, networks: Sequence[object]) -> bool:
    """
    Tell whether an address is in one of the networks; no networks means anywhere.

    Fails closed: with networks, no address, or one that cannot be read, is outside; so is everything when
    the list itself cannot be read.
    """
    if networks == []:
        return True
    try:
        parsed = ip_address((address or "").strip())
        allowed = [_network(network) for network in networks]
    except (ValueError, TypeError, NetworkInvalid):
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return any((mapped or parsed) in network for network in allowed)


def _network(value: object) -> Network:
    if not isinstance(value, str):
        raise NetworkInvalid(received=repr(value)[:50])
    try:
        return ip_network(value.strip())
    except ValueError as error:
        # Python says what is wrong with this one, such as bits of a host behind the prefix.
        message = (
            f"An allowed network is a CIDR range such as 192.0.2.0/24 or 2001:db8::/32; {shown(str(error))}."
        )
        raise NetworkInvalid(message, received=value[:50]) from error
