"""
The issuer of a token or of a document, compared character by character.

No normalisation of any kind: a trailing slash or another case is another issuer (RFC 3986 section 6.2.1). Issuers that
are nearly the same, which is never enough, are told apart for the administrator.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

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
    difference = near_miss(expected, received) if isinstance(received, str) else ""
    told = f": {difference}" if difference else ""
    message = f"The issuer is not the one registered{told}."
    return IssuerMismatch(message, expected=expected, received=received)


def near_miss(expected: str, received: str) -> str:
    """Say in what two issuers differ when it is one small thing; "" when they are simply two."""
    if expected.strip() == received.strip():
        return "they differ in white space around them"
    if expected.rstrip("/") == received.rstrip("/"):
        return "they differ in the trailing slash"
    if expected.lower() == received.lower():
        return "they differ in upper and lower case"
    try:
        return _differing_part(urlsplit(expected), urlsplit(received))
    except ValueError:  # an address or a port that is none
        return ""


def _differing_part(expected: SplitResult, received: SplitResult) -> str:
    same_path = expected.path.rstrip("/") == received.path.rstrip("/")
    if expected.netloc == received.netloc:
        if same_path:
            return f"one is {expected.scheme}, the other {received.scheme}"
        return "they are two paths (realms or tenants) of one host"
    if same_path and expected.hostname == received.hostname:
        if _port(expected) == _port(received):
            return "one spells out the default port"
        return "they are two ports of one host"
    return ""


def _port(parts: SplitResult) -> int | None:
    return parts.port or DEFAULT_PORTS.get(parts.scheme)
