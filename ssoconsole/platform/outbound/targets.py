"""
Where a request may go: take a URL apart, or refuse it, and judge the addresses that its host leads to.

Pure. URLs and names are what others choose, and the console stands where they do not: the metadata service of a cloud
hands credentials to whoever can send it a request. So the reading is narrower than RFC 3986: a URL is refused as soon
as two parsers could see different hosts in it. Private networks are open on purpose, because self-hosted identity
providers live there.
"""

import re
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from ssoconsole.platform.outbound.errors import SchemeRefused, UrlRefused

DEFAULT_PORTS = {"https": 443, "http": 80}

_PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without space, controls and the backslash
_PORT = re.compile(r"[0-9]{1,5}")
# Underscores are no host names, but internal DNS is full of them.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LOOKS_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is in lower case, without brackets, and may end in the dot of the root."""

    scheme: str
    host: str
    port: int
    path: str  # with the query, as it goes into the request line

    @property
    def name(self) -> str:
        """The host as a certificate spells it: without the dot that makes a DNS name absolute."""
        return self.host.removesuffix(".")

    @property
    def authority(self) -> str:
        """The value of the Host header (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host.removesuffix(".")
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str, *, allow_http: bool) -> Target:
    """Return the target of an absolute URL. Raises UrlRefused and SchemeRefused; neither repeats the URL."""
    if not url:
        raise UrlRefused("the URL is empty")
    if not _PRINTABLE.fullmatch(url):
        raise UrlRefused(
            "a URL is ASCII without spaces, control characters and backslashes; write IDN as xn--"
        )
    if "#" in url:
        raise UrlRefused("the URL has a fragment")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UrlRefused("the URL has a malformed host") from None
    scheme, netloc = parts.scheme, parts.netloc
    if scheme == "http" and not allow_http:
        raise SchemeRefused("the URL is plain http, and this needs https")
    if scheme not in DEFAULT_PORTS:
        raise SchemeRefused("the URL is not https")
    if not netloc:
        raise UrlRefused("the URL has no host")
    if "@" in netloc:
        raise UrlRefused("the URL has a user name or a password in it")
    end = netloc.rfind("]") + 1
    name, colon, port = netloc[end:].partition(":")
    host = _host(netloc[:end] + name)
    if colon and not (_PORT.fullmatch(port) and 1 <= int(port) <= 65535):
        raise UrlRefused("the port of the URL is not a number from 1 to 65535")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, host, int(port) if colon else DEFAULT_PORTS[scheme], path)


def _host(host: str) -> str:
    host = host.lower()
    literal = host[1:-1]
    family: type[IPv4Address | IPv6Address] = IPv6Address
    if not (host.startswith("[") and host.endswith("]")):
        labels = host.removesuffix(".").split(".")
        if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
            raise UrlRefused("the host of the URL is not a DNS name or an IP address")
        # 127.1, 0x7f.0.0.1, 2130706433 and 0177.0.0.1 are addresses to the C library and names to everybody else.
        if not _LOOKS_NUMERIC.fullmatch(labels[-1]):
            return host
        literal, family = host, IPv4Address
    try:
        address = family(literal)
    except AddressValueError:
        raise UrlRefused("the host of the URL is an IP address in an unusual spelling") from None
    if isinstance(address, IPv6Address) and address.scope_id:
        raise UrlRefused("the host of the URL has a zone")
    return str(address)


Network = IPv4Network | IPv6Network


def _networks(table: str) -> list[tuple[Network, str]]:
    rows = (line.split(maxsplit=1) for line in table.strip().splitlines())
    return [(ip_network(network), reason) for network, reason in rows]


LOOPBACK = "a loopback address"
_LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
# The first row that matches gives the reason.
_REFUSED = [
    *((network, LOOPBACK) for network in _LOOPBACK),
    *_networks("""
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
    """),
]
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
    # The IPv4 addresses inside an IPv6 address; ::1 and :: carry none.
    carried: list[IPv4Address] = []
    if isinstance(judged, IPv6Address) and int(judged) > 1:
        shifts = [shift for prefix, shift in _CARRIERS if judged in prefix]
        carried = [IPv4Address(int(judged) >> shift & 0xFFFFFFFF) for shift in shifts]
        if judged.teredo:  # RFC 4380: the server and, inverted, the client
            carried = list(judged.teredo)
    for each in (judged, *carried):
        for network, reason in _REFUSED:
            if each in network:
                if reason is LOOPBACK and allow_loopback:
                    break
                return reason
    if carried or judged.version == 4 or any(judged in network for network in (*_LOOPBACK, *_ASSIGNED_IPV6)):
        return None
    return "a reserved address"
