"""
The refusals of strict JOSE as outcomes of a sign-in.

Issuers that are nearly the same, which is never enough, are told apart for the administrator.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit

from providers.errors import IssuerMismatch, SignInRefused, by_code
from ssoconsole.platform.jose.claims import require
from ssoconsole.platform.jose.errors import JwtRefused, shown

DEFAULT_PORTS = {"https": 443, "http": 80}


def outcome_of(refused: JwtRefused) -> SignInRefused:
    """Return the outcome with the same code, with what was expected and received."""
    return by_code(refused.code)(expected=refused.expected, received=refused.received)


@contextmanager
def refusals_as_outcomes() -> Iterator[None]:
    """Raise the outcome in the place of every JwtRefused inside."""
    try:
        yield
    except JwtRefused as refused:
        raise outcome_of(refused) from None


def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """Raise unless `iss` is `issuer`, character by character. Raises MissingClaim of JOSE, IssuerMismatch."""
    require(claims, "iss")
    if claims["iss"] != issuer:
        raise issuer_mismatch(expected=issuer, received=claims["iss"])


def issuer_mismatch(*, expected: str, received: object) -> IssuerMismatch:
    """Return the outcome for a `received` issuer that is not `expected`, and name the near miss."""
    difference = near_miss(expected, received) if isinstance(received, str) else ""
    message = f"The issuer is not the one registered: {difference}." if difference else ""
    return IssuerMismatch(message, expected=shown(expected), received=shown(received))


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
