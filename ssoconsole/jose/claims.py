"""Rules about claims whose signature and types are already checked; the clock is an argument."""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Any

from ssoconsole.jose import base64url
from ssoconsole.jose.algorithms import find_algorithm
from ssoconsole.jose.errors import (
    AudienceMismatch,
    Expired,
    IssuedInTheFuture,
    IssuedTooLongAgo,
    IssuerMismatch,
    MissingClaim,
    NotYetValid,
)
from ssoconsole.jose.times import ahead, moment, told


def require(claims: Mapping[str, Any], *names: str) -> None:
    """Raise MissingClaim for the first of `names` that is absent or null."""
    for name in names:
        if claims.get(name) is None:
            raise MissingClaim(expected=name, received="absent")


def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """
    Raise MissingClaim or IssuerMismatch unless `iss` is `issuer`, character by character.

    No normalisation of any kind: a trailing slash or another case is another issuer (RFC 3986 section 6.2.1).
    """
    require(claims, "iss")
    if claims["iss"] != issuer:
        raise IssuerMismatch(expected=issuer, received=claims["iss"])


def check_audience(claims: Mapping[str, Any], audience: str, *, trusted: Collection[str] = ()) -> None:
    """
    Raise MissingClaim or AudienceMismatch unless `aud` names `audience`, and besides it only `trusted` ones.

    Another recipient could pass the token on, so that one we know nothing of is refused (OpenID Connect Core
    section 3.1.3.7, item 3).
    """
    require(claims, "aud")
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
    digest = hashlib.new(find_algorithm(alg).digest, _octets(value)).digest()
    return base64url.encode(digest[: len(digest) // 2])


def same(a: str, b: str) -> bool:
    """Compare two values, one of them secret, in a time that does not depend on where they differ."""
    return hmac.compare_digest(_octets(a), _octets(b))


def _octets(value: str) -> bytes:
    # compare_digest takes text only if it is ASCII, and what comes in here is a stranger's.
    return value.encode("utf-8", "surrogatepass")
