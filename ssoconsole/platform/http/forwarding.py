"""
Where a request comes from: told by its connection, or by the one header that a trusted proxy writes.

A WSGI server folds `-` and `_` of header names into one, so that `X_Forwarded_For`, which many proxies pass on
as it came, takes the place of the `X-Forwarded-For` that they wrote. Nothing here can tell the two apart. So no
header is believed unless TRUSTED_PROXY_HEADER names it, and `Forwarded` (RFC 7239), whose name has no hyphen and
therefore no second spelling, is the one that holds whatever the proxy passes on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings

Networks = Sequence[IPv4Network | IPv6Network]
FORWARDED = "Forwarded"
X_FORWARDED_FOR = "X-Forwarded-For"
# What TRUSTED_PROXY_HEADER may name.
HEADERS = (FORWARDED, X_FORWARDED_FOR)
FORWARDING_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)

# No header can have one of these names.
# Set where headers were dropped.
FORWARDED_BY_NOBODY_TRUSTED = "console.forwarded_by_nobody_trusted"
# Set where the peer is a trusted proxy, whose word on the request is believed.
FROM_TRUSTED_PROXY = "console.from_trusted_proxy"
# Who holds the other end of the connection; set where that is a trusted proxy.
PEER = "console.peer"
# How the client reached the proxy: SECURE_PROXY_SSL_HEADER asks for it.
SCHEME = "console.scheme"
# The Host header of a probe, which may ask for any.
ASKED_HOST = "console.asked_host"

LONGEST = 4096  # characters of a header; what is longer was not written by a few proxies
_PORT = re.compile(r":[0-9]{1,5}")
# RFC 7239 section 4, with the colons and brackets that section 6 wants quoted and proxies do not quote.
_CHARACTER = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_PAIR = re.compile(
    rf'[ \t]*+({_CHARACTER}++)=(?:((?:{_CHARACTER}|[:\[\]])++)|"((?:[^"\\]|\\.)*+)")[ \t]*+([;,]|\Z)',
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Hop:
    """Whom a proxy had the request from, in its own words, and by which scheme."""

    node: str
    scheme: str = ""


def is_trusted(address: str, networks: Networks) -> bool:
    """Tell whether an address belongs to one of the networks; what is not an address does not."""
    parsed = _parsed(address.strip()) if networks else None
    return parsed is not None and any(parsed in network for network in networks)


def address_of(node: str) -> str:
    """
    Return the address in `192.0.2.43`, `192.0.2.43:47011`, `2001:db8::1`, `[2001:db8::1]` or
    `[2001:db8::1]:47011`; "" for anything else, such as `unknown` (RFC 7239 section 6).
    """
    text, rest = node, ""
    if node.startswith("["):
        text, closed, rest = node[1:].partition("]")
        if not closed:
            return ""
    elif node.count(":") == 1:
        text, _, port = node.partition(":")
        rest = f":{port}"
    if "%" in text or (rest and not _PORT.fullmatch(rest)):
        return ""
    parsed = _parsed(text)
    return "" if parsed is None else str(parsed)


def hops_of(header: str, given: Mapping[str, str]) -> list[Hop]:
    """
    Return who forwarded the request, the last proxy's word last; nothing where the header says nothing certain.

    A header of which a part cannot be read is not read at all: a client writes the left of it, and could open a
    quote there that swallows what the proxy appends.
    """
    value = given.get(f"HTTP_{header.upper().replace('-', '_')}", "")
    if not value or len(value) > LONGEST:
        return []
    if header == FORWARDED:
        return _forwarded(value)
    scheme = given.get("HTTP_X_FORWARDED_PROTO", "").strip()
    return [Hop(node.strip(), scheme) for node in value.split(",")]


def origin_of(hops: Sequence[Hop], networks: Networks) -> tuple[str, str]:
    """
    Return the client's address and scheme: of the first hop, from the right, that no trusted proxy is.

    Everything left of it was written by the client and proves nothing. An address that is not certain is "": a
    node that is no address, none at all, or only proxies, the first of which has not said whom it had it from.
    """
    scheme = ""
    for hop in reversed(hops):
        address, scheme = address_of(hop.node), hop.scheme.lower()
        if not address or not is_trusted(address, networks):
            return address, scheme
    return "", scheme


def _forwarded(value: str) -> list[Hop]:
    elements: list[dict[str, str]] = [{}]
    at = 0
    while at < len(value):
        pair = _PAIR.match(value, at)
        if pair is None or (name := pair[1].lower()) in elements[-1]:
            return []
        elements[-1][name] = pair[2] or re.sub(r"\\(.)", r"\1", pair[3] or "")
        if pair[4] == ",":
            elements.append({})
        elif pair[4] == ";" and pair.end() == len(value):
            return []
        at = pair.end()
    return [Hop(element.get("for", ""), element.get("proto", "")) for element in elements]


@lru_cache(maxsize=1024)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text is, or the IPv4 address that it maps; bots come from the same few again and again."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def believe_forwarding_headers(meta: dict[str, Any]) -> None:
    """
    Set REMOTE_ADDR, in the headers of a request as a WSGI environ has them, to the client's address, or to "" where a
    trusted proxy has left it uncertain.

    No forwarding header gets past here, whoever wrote it: what is believed of them stands under names that no
    header can have.
    """
    given = {}
    for name in FORWARDING_HEADERS:
        if name in meta:
            given[name] = meta.pop(name)
    peer = meta.get("REMOTE_ADDR", "")
    if is_trusted(peer, settings.TRUSTED_PROXIES):
        hops = hops_of(settings.TRUSTED_PROXY_HEADER, given) if settings.TRUSTED_PROXY_HEADER else []
        meta[FROM_TRUSTED_PROXY], meta[PEER] = True, peer
        meta["REMOTE_ADDR"], scheme = origin_of(hops, settings.TRUSTED_PROXIES)
        meta[SCHEME] = "https" if scheme == "https" else "http"
    elif given:
        meta[FORWARDED_BY_NOBODY_TRUSTED] = True
