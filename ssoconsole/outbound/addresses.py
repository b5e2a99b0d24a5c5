"""
Which IP addresses a request may go to.

Pure. The addresses come from names and URLs that others choose, and the console stands where they do not: the
metadata service of a cloud hands credentials to whoever can send it a request. Private networks are open on
purpose, because self-hosted identity providers live there.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(table: str) -> list[tuple[Network, str]]:
    rows = (line.split(maxsplit=1) for line in table.strip().splitlines())
    return [(ip_network(network), reason) for network, reason in rows]


# The first row that matches gives the reason.
_REFUSED = _networks("""
    169.254.169.254/32  the metadata service of a cloud
    169.254.170.0/24    the credential service of a cloud
    100.100.100.200/32  the metadata service of a cloud
    192.0.0.192/32      the metadata service of a cloud
    168.63.129.16/32    the platform service of a cloud
    fd00:ec2::/32       the metadata service of a cloud
    fd20:ce::254/128    the metadata service of a cloud
    fd00:c1::a9fe:a9fe/128  the metadata service of a cloud
    0.0.0.0/8           an unspecified address
    169.254.0.0/16      a link-local address
    192.0.0.0/24        a reserved address
    192.0.2.0/24        a documentation address
    198.51.100.0/24     a documentation address
    203.0.113.0/24      a documentation address
    224.0.0.0/4         a multicast address
    255.255.255.255/32  the broadcast address
    240.0.0.0/4         a reserved address
    ::/128              an unspecified address
    fe80::/10           a link-local address
    ff00::/8            a multicast address
    2001:db8::/32       a documentation address
    3fff::/20           a documentation address
""")
_LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
# What IANA has given out of IPv6: global unicast and unique local addresses. The rest is reserved.
_ASSIGNED_IPV6 = [ip_network("2000::/3"), ip_network("fc00::/7")]

# Where an IPv6 address carries an IPv4 address that a router or kernel unwraps: prefix, bits to its right.
_CARRIERS = [
    (ip_network("::ffff:0:0/96"), 0),  # IPv4-mapped, RFC 4291 section 2.5.5.2
    (ip_network("::ffff:0:0:0/96"), 0),  # IPv4-translated, RFC 7915
    (ip_network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ip_network("2002::/16"), 80),  # 6to4, RFC 3056
    (ip_network("::/96"), 0),  # IPv4-compatible, RFC 4291 section 2.5.5.1
]


def refusal(address: str, *, allow_loopback: bool) -> str | None:
    """Return why no request may go to `address`, an IP address as text, or None if one may."""
    try:
        # A zone ("fe80::1%eth0") picks an interface: never for a name that others choose.
        judged = None if "%" in address else ip_address(address)
    except ValueError:
        judged = None
    if judged is None:
        return "not an IP address"
    reasons = (_reason(each, allow_loopback) for each in [judged, *_carried(judged)])
    return next((reason for reason in reasons if reason), None)


def _reason(address: Address, allow_loopback: bool) -> str | None:
    if _within(address, _LOOPBACK):
        return None if allow_loopback else "a loopback address"
    named = next((reason for network, reason in _REFUSED if address in network), None)
    if named or isinstance(address, IPv4Address) or _carried(address) or _within(address, _ASSIGNED_IPV6):
        return named
    return "a reserved address"


def _within(address: Address, networks: list[Network]) -> bool:
    return any(address in network for network in networks)


def _carried(address: Address) -> list[IPv4Address]:
    """Give the IPv4 addresses inside an IPv6 address; ::1 and :: carry none."""
    if isinstance(address, IPv4Address) or int(address) <= 1:
        return []
    if address.teredo:  # RFC 4380: the server and, inverted, the client
        return list(address.teredo)
    shifts = [shift for prefix, shift in _CARRIERS if address in prefix]
    return [IPv4Address(int(address) >> shift & 0xFFFFFFFF) for shift in shifts]
