"""The rules for an ID token that came for a refresh token (OpenID Connect Core 1.0 section 12.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.errors import (
    AudienceMismatch,
    AuthenticationTimeChanged,
    AuthorizedPartyMismatch,
    IssuedTooLongAgo,
    NonceMismatch,
    SubjectMismatch,
)
from providers.protocol.id_token import LONGEST_SINCE_ISSUED, check_authorized_party, check_hashes
from providers.protocol.refusals import issuer_mismatch, refusals_as_outcomes
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.times import moment
from ssoconsole.platform.jose.verify import VerifiedJwt


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
    iss, sub, aud, azp, exp, iat, nbf, nonce, auth_time, at_hash. Raises an IdTokenRefused for the first that is
    wrong.
    """
    claims = verified.claims
    with refusals_as_outcomes():
        rules_of_jwt.require(claims, "iss", "sub")
        for issuer in (rules.issuer, rules.original["iss"]):
            if claims["iss"] != issuer:
                raise issuer_mismatch(expected=issuer, received=claims["iss"])
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
            expected=shown(f"aud {sorted(_audiences(original))}"),
            received=shown(f"aud {sorted(_audiences(claims))}"),
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
