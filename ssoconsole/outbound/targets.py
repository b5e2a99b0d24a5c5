"""
Take a URL apart, or refuse it.

Pure, and narrower than RFC 3986: a URL is refused as soon as two parsers could see different hosts in it.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

from ssoconsole.outbound.errors import SchemeRefused, UrlRefused

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
        host = f"[{self.name}]" if ":" in self.name else self.name
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
    _refuse_scheme(parts.scheme, allow_http)
    host, port = _host_and_port(parts.netloc)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _host(host), _port(port, parts.scheme), path)


def _refuse_scheme(scheme: str, allow_http: bool) -> None:
    if scheme == "https" or (scheme == "http" and allow_http):
        return
    raise SchemeRefused(
        "the URL is plain http, and this needs https" if scheme == "http" else "the URL is not https"
    )


def _host_and_port(netloc: str) -> tuple[str, str | None]:
    if not netloc:
        raise UrlRefused("the URL has no host")
    if "@" in netloc:
        raise UrlRefused("the URL has a user name or a password in it")
    end = netloc.rfind("]") + 1
    host, colon, port = netloc[end:].partition(":")
    return netloc[:end] + host, port if colon else None


def _port(port: str | None, scheme: str) -> int:
    if port is None:
        return DEFAULT_PORTS[scheme]
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535:
        raise UrlRefused("the port of the URL is not a number from 1 to 65535")
    return int(port)


def _host(host: str) -> str:
    host = host.lower()
    if host.startswith("[") and host.endswith("]"):
        return _ip_literal(host[1:-1], IPv6Address)
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise UrlRefused("the host of the URL is not a DNS name or an IP address")
    # 127.1, 0x7f.0.0.1, 2130706433 and 0177.0.0.1 are addresses to the C library and names to everybody else.
    if _LOOKS_NUMERIC.fullmatch(labels[-1]):
        return _ip_literal(host, IPv4Address)
    return host


def _ip_literal(text: str, family: type[IPv4Address] | type[IPv6Address]) -> str:
    try:
        address = family(text)
    except AddressValueError:
        raise UrlRefused("the host of the URL is an IP address in an unusual spelling") from None
    if isinstance(address, IPv6Address) and address.scope_id:
        raise UrlRefused("the host of the URL has a zone")
    return str(address)
