"""The types of registered claims (RFC 7519 section 4.1, OpenID Connect Core section 2), checked once."""

from typing import Any

from ssoconsole.jose import strict_json
from ssoconsole.jose.errors import ClaimRefused, TokenMalformed

LONGEST_IDENTIFIER = 255
MOST_AUDIENCES = 100
LAST_SECOND = 253402300799  # 9999-12-31T23:59:59Z, the last one datetime can hold

_IDENTIFIERS = ("sub", "jti")
_STRINGS = ("iss", "client_id", "azp", "nonce", "at_hash", "c_hash", "acr", "sid")
_TIMES = ("exp", "nbf", "iat", "auth_time")


def read_claims(payload: bytes) -> dict[str, Any]:
    """
    Parse a payload and check the type of every registered claim that is present; presence is the caller's
    rule.

    Times come back as whole seconds since 1970, without their fraction (RFC 7519 section 2), strings without NUL,
    `sub` and `jti` of 1 to 255 characters, `aud` as a non-empty string or list. A claim that is null is absent, but
    for `nonce`: that it is not there is the rule of logout tokens (OpenID Connect Back-Channel Logout 1.0 section
    2.4), and null would be there. Raises TokenMalformed for anything but a strict JSON object, ClaimRefused for a
    type.
    """
    try:
        members = strict_json.loads_object(payload)
    except strict_json.MalformedJson as error:
        raise TokenMalformed(expected="a JSON object as payload", received=error) from error
    claims = {name: value for name, value in members.items() if value is not None or name == "nonce"}
    for name in _present(claims, _TIMES):
        claims[name] = _seconds(name, claims[name])
    for name in _present(claims, _IDENTIFIERS):
        _check_identifier(name, claims[name])
    for name in _present(claims, _STRINGS):
        _check_string(name, claims[name])
    if "aud" in claims:
        _check_audiences(claims["aud"])
    return claims


def _present(claims: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [name for name in names if claims.get(name) is not None]


def _seconds(name: str, value: object) -> int:
    # bool is an int in Python: `"exp": true` would be one second past 1970.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClaimRefused(expected=f"{name}, a number", received=type(value).__name__)
    if not 0 <= value <= LAST_SECOND:
        raise ClaimRefused(expected=f"{name}, seconds from 0 to {LAST_SECOND}", received=value)
    return int(value)


def _check_string(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise ClaimRefused(expected=f"{name}, a string", received=type(value).__name__)
    # PostgreSQL cannot store a NUL, and answers with an error that would look like ours.
    if "\0" in value:
        raise ClaimRefused(expected=f"{name} without NUL", received="a NUL character")


def _check_identifier(name: str, value: object) -> None:
    _check_string(name, value)
    if not 1 <= len(str(value)) <= LONGEST_IDENTIFIER:
        raise ClaimRefused(
            expected=f"{name} of 1 to {LONGEST_IDENTIFIER} characters",
            received=f"{len(str(value))} characters",
        )


def _check_audiences(value: object) -> None:
    audiences = value if isinstance(value, list) else [value]
    if not 1 <= len(audiences) <= MOST_AUDIENCES:
        raise ClaimRefused(
            expected=f"aud, 1 to {MOST_AUDIENCES} of them", received=f"{len(audiences)} of them"
        )
    for audience in audiences:
        _check_string("aud", audience)
    if "" in audiences or len(set(audiences)) != len(audiences):
        raise ClaimRefused(expected="aud without empty or repeated values", received=audiences)
