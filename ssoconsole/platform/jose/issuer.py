"""
The issuer of a token or of a document, compared character by character.

No normalisation of any kind: a trailing slash or another case is another issuer (RFC 3986 section 6.2.1). Issuers that
are nearly the same, which is never enough, are told apart for the administrator.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ssoconsole.platform.jose.claims import require
from ssoconsole.platform.jose.errors import IssuerMismatch

DEFAULT_PORTS = {"https": 443, "http": 80}


def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """Raise unless `iss` is `issuer`, character by character. Raises MissingClaim, IssuerMismatch."""
    require(claims, "iss")
    if claims["iss"] != issuer:
        raise issuer_mismatch(expected=issuer, received=claims["iss"])


def issuer_mismatch(*, expected: str, received: object) -> IssuerMismatch:
    """Return the refusal of a `received` issuer that is not `expected`; its message names the near miss."""
    near = near_miss(expected, received) if isinstance(received, str) else ""
    told = f": {near}" if near else ""
    message = f"The issuer is not the one registered{told}."
    return IssuerMismatch(message, expected=expected, received=received)


# By what `difference` returns, in words. Two schemes are named as they are; two hosts are no near miss.
NEAR_MISSES = {
    "white_space": "they differ in white space around them",
    "trailing_slash": "they differ in the trailing slash",
    "case": "they differ in upper and lower case",
    "path": "they are two paths (realms or tenants) of one host",
    "port": "they are two ports of one host",
    "default_port": "one spells out the default port",
}


def near_miss(expected: str, received: str) -> str:
    """Say in what two issuers differ when it is one small thing; "" when they are simply two."""
    found = difference(expected, received)
    if found == "scheme":
        return (
            f"one is {urlsplit(expected).scheme}, the other {urlsplit(received).scheme or 'without a scheme'}"
        )
    return NEAR_MISSES.get(found, "")


def difference(expected: str, received: str) -> str:
    """Name the one thing in which two issuers differ: a key of NEAR_MISSES, scheme or host; "" where it is more."""
    if expected.strip() == received.strip():
        return "white_space"
    if expected.rstrip("/") == received.rstrip("/"):
        return "trailing_slash"
    if expected.lower() == received.lower():
        return "case"
    try:
        one, other = urlsplit(expected), urlsplit(received)
        same_path = one.path.rstrip("/") == other.path.rstrip("/")
        if one.hostname != other.hostname:
            return "host" if same_path and one.path.strip("/") else ""
        if one.netloc.lower() == other.netloc.lower():
            return "scheme" if same_path else "path"
        if not same_path:
            return ""
        if one.scheme != other.scheme:
            return "scheme"
        ports = [parts.port or DEFAULT_PORTS.get(parts.scheme) for parts in (one, other)]
        return "default_port" if ports[0] == ports[1] else "port"
    except ValueError:  # an address or a port that is none
        return ""
