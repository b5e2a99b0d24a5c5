"""
The rules for an ID token whose signature is good (OpenID Connect Core 1.0 section 3.1.3.7).

For one that came for a refresh token there are rules of their own (section 12.2). The token also says how the person
has authenticated: the context (`acr`) and the methods (`amr`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers.errors import (
    AtHashMismatch,
    AuthenticationTimeChanged,
    AuthenticationTooOld,
    AuthorizedPartyMismatch,
    CHashMismatch,
    InsufficientAuthentication,
    NonceMismatch,
    SubjectMismatch,
)
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.claims import ahead, moment, told
from ssoconsole.platform.jose.errors import AudienceMismatch, ClaimRefused, IssuedTooLongAgo, shown
from ssoconsole.platform.jose.issuer import check_issuer
from ssoconsole.platform.jose.verify import VerifiedJwt

# An honest provider signs at the moment of signing in; what is older was kept by somebody.
LONGEST_SINCE_ISSUED = 24 * 60 * 60


@dataclass(frozen=True)
class IdTokenRules:
    """
    What one attempt expects of its ID token; `leeway` and `max_age` in seconds.

    `trusted_audiences` are the audiences accepted beside `client_id`. `access_token` and `code` are what came
    with the token, if anything; `require_at_hash` is for `id_token token`, where the hash must be there.
    """

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    leeway: int
    max_age: int | None
    trusted_audiences: frozenset[str] = frozenset()
    access_token: str | None = field(default=None, repr=False)
    require_at_hash: bool = False
    code: str | None = field(default=None, repr=False)


def check_id_token(verified: VerifiedJwt, *, rules: IdTokenRules, now: int) -> dict[str, Any]:
    """
    Return the claims of an ID token that is meant for this attempt; `now` in seconds since 1970.

    Structure, `typ`, `alg`, key, signature and the types of the claims are checked already. In this order:
    iss, sub, aud, azp, exp, iat, nbf, nonce, at_hash, c_hash, auth_time. Raises a JwtRefused or an
    IdTokenRefused for the first that is wrong.
    """
    claims = verified.claims
    check_issuer(claims, rules.issuer)
    rules_of_jwt.require(claims, "sub")
    rules_of_jwt.check_audience(claims, rules.client_id, trusted=rules.trusted_audiences)
    check_authorized_party(claims, rules.client_id)
    rules_of_jwt.require(claims, "exp", "iat")
    rules_of_jwt.check_times(claims, now=now, leeway=rules.leeway, max_age_of_iat=LONGEST_SINCE_ISSUED)
    # It binds the token to the browser that started this attempt; required in every flow. An attempt without a nonce
    # would accept a token without meaning: "" equals "".
    rules_of_jwt.require(claims, "nonce")
    if not rules.nonce or not rules_of_jwt.same(claims["nonce"], rules.nonce):
        raise NonceMismatch(expected="the nonce of this attempt", received="another nonce")
    if rules.require_at_hash:
        rules_of_jwt.require(claims, "at_hash")
    check_hashes(verified, access_token=rules.access_token, code=rules.code)
    if rules.max_age is not None:
        check_authentication_time(claims, rules.max_age, now=now, leeway=rules.leeway)
    return dict(claims)


def check_authorized_party(claims: Mapping[str, Any], client_id: str) -> None:
    """Raise unless `azp` names this client; several audiences require it. Raises AuthorizedPartyMismatch."""
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1:
        rules_of_jwt.require(claims, "azp")
    if claims.get("azp", client_id) != client_id:
        received = shown(claims["azp"]) or "an empty one"
        raise AuthorizedPartyMismatch(expected=f"azp {shown(client_id)}", received=received)


def check_hashes(verified: VerifiedJwt, *, access_token: str | None = None, code: str | None = None) -> None:
    """
    Raise unless the hashes that the token has are those of what came with it.

    Raises AtHashMismatch and CHashMismatch (OpenID Connect Core 1.0 sections 3.1.3.8 and 3.3.2.11).
    """
    same, half_hash, alg = rules_of_jwt.same, rules_of_jwt.half_hash, verified.header["alg"]
    at_hash, c_hash = verified.claims.get("at_hash"), verified.claims.get("c_hash")
    if access_token is not None and at_hash is not None and not same(at_hash, half_hash(alg, access_token)):
        raise AtHashMismatch(expected="the hash of the access token", received="another hash")
    if code is not None and c_hash is not None and not same(c_hash, half_hash(alg, code)):
        raise CHashMismatch(expected="the hash of the code", received="another hash")


def check_authentication_time(claims: Mapping[str, Any], max_age: int, *, now: int, leeway: int) -> None:
    """Raise unless the person has proven who he is at most `max_age` seconds ago."""
    rules_of_jwt.require(claims, "auth_time")
    if claims["auth_time"] > now + leeway:
        raise ClaimRefused(
            expected=f"auth_time up to {moment(now + leeway)}", received=ahead(claims["auth_time"], now)
        )
    oldest = now - max_age - leeway
    if claims["auth_time"] < oldest:
        raise AuthenticationTooOld(
            expected=f"auth_time from {moment(oldest)}", received=told(claims["auth_time"], now)
        )


MOST_METHODS, LONGEST_METHOD = 50, 255


def methods_in(claims: Mapping[str, Any]) -> list[str]:
    """
    Return the `amr` of an ID token: a list of texts (RFC 8176), or one text, as some providers send it.

    At most MOST_METHODS of them, and none that no database keeps: with control characters, or half of a letter.
    """
    amr = claims.get("amr")
    listed = amr if isinstance(amr, list) else [amr]
    return [
        method
        for method in listed
        if isinstance(method, str) and 1 <= len(method) <= LONGEST_METHOD and method.isprintable()
    ][:MOST_METHODS]


def check_authentication_context(
    claims: Mapping[str, Any], *, acr: Sequence[str], amr: Sequence[str], purpose: str
) -> None:
    """
    Raise InsufficientAuthentication unless `acr` names one of these, and `amr` all of those; empty demands nothing.

    `claims` are those of a verified ID token (OpenID Connect Core 1.0 section 2). Values are compared as they are:
    which context is higher than another is the provider's to know. `purpose` completes “… to <purpose>”.
    """
    context = claims.get("acr")
    if acr and context not in acr:
        raise InsufficientAuthentication(
            expected=f"acr {' or '.join(acr)}, to {purpose}",
            received="no acr" if context is None else f"acr {shown(context)}",
        )
    if not amr:
        return
    methods = methods_in(claims)
    if missing := [method for method in amr if method not in methods]:
        raise InsufficientAuthentication(
            expected=f"{' and '.join(missing)} in amr, to {purpose}",
            received=f"amr {shown(' '.join(methods))}" if methods else "no amr",
        )


@dataclass(frozen=True)
class ContinuityRules:
    """
    What a refreshed ID token has to go on with; `leeway` in seconds, `trusted_audiences` as at sign-in.

    `original` are the claims of the ID token of the sign-in, which was verified then; `access_token` is what
    came with the new one, if any.
    """

    issuer: str
    client_id: str
    original: Mapping[str, Any] = field(repr=False)
    leeway: int
    trusted_audiences: frozenset[str] = frozenset()
    access_token: str | None = field(default=None, repr=False)


def check_refreshed_id_token(verified: VerifiedJwt, *, rules: ContinuityRules, now: int) -> dict[str, Any]:
    """
    Return the claims of an ID token that goes on with the same sign-in; `now` in seconds since 1970.

    Structure, `typ`, `alg`, key, signature and the types of the claims are checked already. In this order:
    iss, sub, aud, azp, exp, iat, nbf, nonce, auth_time, at_hash. Raises a JwtRefused or an IdTokenRefused for
    the first that is wrong.
    """
    claims = verified.claims
    rules_of_jwt.require(claims, "iss", "sub")
    for issuer in (rules.issuer, rules.original["iss"]):
        check_issuer(claims, issuer)
    check_subject(claims, rules.original["sub"])
    rules_of_jwt.check_audience(claims, rules.client_id, trusted=rules.trusted_audiences)
    check_authorized_party(claims, rules.client_id)
    _check_recipients(claims, rules.original)
    rules_of_jwt.require(claims, "exp", "iat")
    rules_of_jwt.check_times(claims, now=now, leeway=rules.leeway, max_age_of_iat=LONGEST_SINCE_ISSUED)
    _check_same_sign_in(claims, rules)
    check_hashes(verified, access_token=rules.access_token)
    return dict(claims)


def check_subject(claims: Mapping[str, Any], sub: str) -> None:
    """Raise SubjectMismatch unless the token speaks of `sub`, byte for byte."""
    if claims["sub"] != sub:
        raise SubjectMismatch(expected=f"sub {shown(sub)}", received=shown(claims["sub"]))


def _check_recipients(claims: Mapping[str, Any], original: Mapping[str, Any]) -> None:
    """The same audience and the same authorized party, or again none."""
    if _audiences(claims) != _audiences(original):
        raise AudienceMismatch(
            expected=f"aud {sorted(_audiences(original))}", received=f"aud {sorted(_audiences(claims))}"
        )
    before, now = original.get("azp"), claims.get("azp")
    if before != now:
        raise AuthorizedPartyMismatch(expected=_azp(before), received=_azp(now))


def _check_same_sign_in(claims: Mapping[str, Any], rules: ContinuityRules) -> None:
    original = rules.original
    oldest = original["iat"] - rules.leeway
    if claims["iat"] < oldest:
        raise IssuedTooLongAgo(
            expected=f"iat from {moment(oldest)}, that of the first ID token", received=moment(claims["iat"])
        )
    nonce = claims.get("nonce")
    if nonce and not rules_of_jwt.same(nonce, original.get("nonce", "")):
        raise NonceMismatch(expected="no nonce, or that of the first ID token", received="another nonce")
    before = original.get("auth_time")
    if before is not None and claims.get("auth_time", before) != before:
        raise AuthenticationTimeChanged(
            expected=f"auth_time {moment(before)}", received=moment(claims["auth_time"])
        )


def _audiences(claims: Mapping[str, Any]) -> set[str]:
    named = claims.get("aud", [])
    return {named} if isinstance(named, str) else set(named)


def _azp(value: object) -> str:
    return "no azp" if value is None else f"azp {shown(value)}"
