"""
Claims: the types of those that are registered, and the rules about them once the signature is good.

The clock is an argument (RFC 7519 section 4.1, OpenID Connect Core section 2). Messages have times as dates and spans,
not as seconds since 1970: people compare clocks.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from ssoconsole.platform.jose import base64url, strict_json
from ssoconsole.platform.jose.algorithms import find_algorithm
from ssoconsole.platform.jose.errors import (
    AudienceMismatch,
    ClaimRefused,
    Expired,
    IssuedInTheFuture,
    IssuedTooLongAgo,
    MissingClaim,
    NotYetValid,
    TokenMalformed,
)

LONGEST_IDENTIFIER = 255
MOST_AUDIENCES = 100
LAST_SECOND = 253402300799  # 9999-12-31T23:59:59Z, the last one datetime can hold

_IDENTIFIERS = ("sub", "jti")
_STRINGS = ("iss", "client_id", "azp", "nonce", "at_hash", "c_hash", "acr", "sid")
_TIMES = ("exp", "nbf", "iat", "auth_time")
# Claims of which an empty string says nothing, as serialisers write it that leave no member out. Not among them are
# those that bind a token to something: an empty one of these is another.
_MAY_BE_EMPTY = ("acr", "sid")


def moment(seconds: int) -> str:
    """Return a time as people write it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: int) -> str:
    """Return how long that is, in the largest unit of which there is at least one."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return _counted(seconds // size, unit)
    return _counted(seconds, "second")


def told(seconds: int, now: int) -> str:
    """Return a time, and how far it is from `now`."""
    ahead = seconds - now
    return f"{moment(seconds)}, {f'in {span(ahead)}' if ahead > 0 else f'{span(-ahead)} ago'}"


def ahead(seconds: int, now: int) -> str:
    """Return a time that only a clock ahead of ours can have written, and how far ahead that clock is."""
    return f"{told(seconds, now)}: the other clock is at least {seconds - now} seconds ahead"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def read_claims(payload: bytes) -> dict[str, Any]:
    """
    Parse a payload and check the type of every registered claim that is present; presence is the caller's
    rule.

    Times come back as whole seconds since 1970, without their fraction (RFC 7519 section 2), strings without NUL,
    `sub` and `jti` of 1 to 255 characters, `aud` as a non-empty string, or a non-empty list without repeated members,
    `acr` as a string, also where it was a whole number. A claim that is null is absent, but for `nonce`: that it is
    not there is the rule of logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4), and null would be
    there. So is an empty `acr` or `sid`. Raises TokenMalformed for anything but a strict JSON object,
    ClaimRefused for a type.
    """
    try:
        members = strict_json.loads_object(payload)
    except strict_json.MalformedJson as error:
        raise TokenMalformed(expected="a JSON object as payload", received=str(error)) from error
    claims = {name: value for name, value in members.items() if value is not None or name == "nonce"}
    for name in _MAY_BE_EMPTY:
        if claims.get(name) == "":
            del claims[name]
    # Providers that number their contexts write the number as one. It binds the token to nothing.
    if isinstance(claims.get("acr"), int) and not isinstance(claims["acr"], bool):
        claims["acr"] = str(claims["acr"])
    for name in _TIMES:
        if name not in claims:
            continue
        seconds = claims[name]
        # bool is an int in Python: `"exp": true` would be one second past 1970.
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ClaimRefused(expected=f"{name}, a number", received=type(seconds).__name__)
        if not 0 <= seconds <= LAST_SECOND:
            raise ClaimRefused(expected=f"{name}, seconds from 0 to {LAST_SECOND}", received=seconds)
        claims[name] = int(seconds)
    for name in _IDENTIFIERS:
        if name in claims:
            _check_string(name, claims[name])
            if not 1 <= len(claims[name]) <= LONGEST_IDENTIFIER:
                raise ClaimRefused(
                    expected=f"{name} of 1 to {LONGEST_IDENTIFIER} characters",
                    received=f"{len(claims[name])} characters",
                )
    for name in _STRINGS:
        if claims.get(name) is not None:  # of these a nonce may be null
            _check_string(name, claims[name])
    if "aud" not in claims:
        return claims
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not 1 <= len(audiences) <= MOST_AUDIENCES:
        raise ClaimRefused(
            expected=f"aud, 1 to {MOST_AUDIENCES} of them", received=f"{len(audiences)} of them"
        )
    for audience in audiences:
        _check_string("aud", audience)
    if "" in audiences:
        raise ClaimRefused(expected="aud without empty values", received=audiences)
    if isinstance(claims["aud"], list):  # a provider that names one twice has told nothing else
        claims["aud"] = list(dict.fromkeys(audiences))
    return claims


def _check_string(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise ClaimRefused(expected=f"{name}, a string", received=type(value).__name__)
    # PostgreSQL cannot store a NUL, and answers with an error that would look like ours.
    if "\0" in value:
        raise ClaimRefused(expected=f"{name} without NUL", received="a NUL character")


def require(claims: Mapping[str, Any], *names: str) -> None:
    """Raise MissingClaim for the first of `names` that is absent or null."""
    for name in names:
        if claims.get(name) is None:
            raise MissingClaim(expected=name, received="absent")


def check_audience(claims: Mapping[str, Any], audience: str, *, trusted: Collection[str] = ()) -> None:
    """
    Raise MissingClaim or AudienceMismatch unless `aud` names `audience`, and besides it only `trusted` ones.

    Another recipient could pass the token on, so that one we know nothing of is refused (OpenID Connect Core
    section 3.1.3.7, item 3).
    """
    require(claims, "aud")
    if claims["aud"] == audience:
        return
    audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    if audience not in audiences:
        raise AudienceMismatch(expected=audience, received=" ".join(audiences))
    strangers = [other for other in audiences if other != audience and other not in trusted]
    if strangers:
        raise AudienceMismatch(
            expected=f"{audience} and no other than trusted audiences", received=" ".join(strangers)
        )


def check_times(claims: Mapping[str, Any], *, now: int, leeway: int, max_age_of_iat: int | None) -> None:
    """
    Check `exp`, `iat` and `nbf` where present, in seconds; `leeway` is for clocks that differ.

    Raises Expired, IssuedInTheFuture, NotYetValid or IssuedTooLongAgo. `max_age_of_iat` limits how long ago
    the token may have been issued, None does not. Which of the claims must be there is for `require`.
    """
    # RFC 7519 section 4.1.4: on or after exp the token is no longer valid, so equality refuses.
    if "exp" in claims and claims["exp"] <= now - leeway:
        raise Expired(expected=f"exp after {moment(now - leeway)}", received=told(claims["exp"], now))
    if "iat" in claims and claims["iat"] > now + leeway:
        raise IssuedInTheFuture(
            expected=f"iat up to {moment(now + leeway)}", received=ahead(claims["iat"], now)
        )
    if "nbf" in claims and claims["nbf"] > now + leeway:
        raise NotYetValid(expected=f"nbf up to {moment(now + leeway)}", received=told(claims["nbf"], now))
    if max_age_of_iat is None or "iat" not in claims:
        return
    oldest = now - leeway - max_age_of_iat
    if claims["iat"] < oldest:
        raise IssuedTooLongAgo(expected=f"iat from {moment(oldest)}", received=told(claims["iat"], now))


def half_hash(alg: str, value: str) -> str:
    """
    Return the `at_hash` or `c_hash` of `value` for an ID token signed with `alg` (OpenID Connect Core
    3.1.3.6).

    The left half of the algorithm's hash in base64url; Ed25519 uses SHA-512. Raises AlgorithmRefused.
    """
    digest = hashlib.new(find_algorithm(alg).digest, value.encode("utf-8", "surrogatepass")).digest()
    return base64url.encode(digest[: len(digest) // 2])


def same(a: str, b: str) -> bool:
    """Compare two values, one of them secret, in a time that does not depend on where they differ."""
    # compare_digest takes text only if it is ASCII, and what comes in here is a stranger's.
    return hmac.compare_digest(a.encode("utf-8", "surrogatepass"), b.encode("utf-8", "surrogatepass"))
