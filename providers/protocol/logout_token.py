"""
The rules for a logout token whose signature is good (OpenID Connect Back-Channel Logout 1.0 section 2.6).

A provider is answered the same for all that may be wrong; `docs/outcomes.md` explains each code to an administrator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.claims import LONGEST_IDENTIFIER
from ssoconsole.platform.jose.errors import ClaimRefused, shown
from ssoconsole.platform.jose.issuer import check_issuer
from ssoconsole.platform.jose.verify import VerifiedJwt

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# From iat to exp. A provider that retries makes a new token; one that lives long is worth stealing.
LONGEST_LIFE = 10 * 60


class LogoutRefused(DomainError):
    """This back-channel logout was refused."""

    code = "logout_refused"


class LogoutFormRefused(LogoutRefused):
    """The request is no form with one logout token."""

    code = "logout_form_refused"


class LogoutEventMissing(LogoutRefused):
    """The token does not say that it is about a logout."""

    code = "logout_event_missing"


class NonceForbidden(LogoutRefused):
    """The token has a nonce, as ID tokens have and logout tokens must not."""

    code = "nonce_forbidden"


class NobodyNamed(LogoutRefused):
    """The token names neither a person nor a session."""

    code = "nobody_named"


class ValidTooLong(LogoutRefused):
    """The token is valid for longer than a logout takes."""

    code = "valid_too_long"


class LogoutTokenUsed(LogoutRefused):
    """This token has been used before."""

    code = "logout_token_used"


def every_logout_refusal() -> list[type[LogoutRefused]]:
    """All there are, for the documentation and its test."""
    return [LogoutRefused, *LogoutRefused.__subclasses__()]


@dataclass(frozen=True)
class Logout:
    """
    Who is to be signed out: a person's sessions (`sub`), one session (`sid`), or one that must be that
    person's (both). Never neither.

    `jti` may be used once; `expires_at`, in seconds since 1970, is when the token is refused for its age.
    """

    sub: str | None
    sid: str | None
    jti: str
    expires_at: int


def check_logout_token(
    verified: VerifiedJwt,
    *,
    issuer: str,
    client_id: str,
    leeway: int,
    now: int,
    trusted_audiences: frozenset[str] = frozenset(),
) -> Logout:
    """
    Return what a logout token asks for, when it is meant for this client; `leeway` and `now` in seconds.

    Structure, `typ`, `alg`, key, signature and the types of the claims are checked already. In this order:
    iss, aud, exp, iat, nbf, the lifetime, events, nonce, sub and sid, jti; claims that are not known are
    ignored. Raises a JwtRefused or a LogoutRefused for the first that is wrong. Whether the token was
    used before is for whoever keeps `jti`.
    """
    claims = verified.claims
    check_issuer(claims, issuer)
    rules_of_jwt.check_audience(claims, client_id, trusted=trusted_audiences)
    rules_of_jwt.require(claims, "exp", "iat")
    rules_of_jwt.check_times(claims, now=now, leeway=leeway, max_age_of_iat=None)
    check_lifetime(claims, leeway)
    check_event(claims)
    check_nobody_takes_it_for_an_id_token(claims)
    sub, sid = check_somebody_is_named(claims)
    rules_of_jwt.require(claims, "jti")
    return Logout(sub=sub, sid=sid, jti=claims["jti"], expires_at=claims["exp"] + leeway)


def check_lifetime(claims: Mapping[str, Any], leeway: int) -> None:
    """Raise ValidTooLong for one that lives longer than ten minutes."""
    lifetime = claims["exp"] - claims["iat"]
    if lifetime > LONGEST_LIFE + leeway:
        received = f"{lifetime} seconds"
        raise ValidTooLong(expected=f"up to {LONGEST_LIFE} seconds from iat to exp", received=received)


def check_event(claims: Mapping[str, Any]) -> None:
    """Raise LogoutEventMissing unless `events` says that this is about a logout."""
    events = claims.get("events")
    if not isinstance(events, Mapping):
        kind = "absent" if events is None else type(events).__name__
        raise LogoutEventMissing(expected="events, an object", received=kind)
    if not isinstance(events.get(EVENT), Mapping):
        raise LogoutEventMissing(
            expected=f"{EVENT} with an object", received=shown(", ".join(events) or "no event")
        )


def check_nobody_takes_it_for_an_id_token(claims: Mapping[str, Any]) -> None:
    """The nonce is what tells the two apart where neither has a `typ` of its own."""
    if "nonce" in claims:
        raise NonceForbidden(expected="no nonce", received="a nonce")


def check_somebody_is_named(claims: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return `sub` and `sid`, never neither. Raises NobodyNamed, ClaimRefused."""
    sub, sid = claims.get("sub"), _session_id(claims)
    if sub is None and sid is None:
        raise NobodyNamed(expected="sub or sid", received="neither")
    return sub, sid


def _session_id(claims: Mapping[str, Any]) -> str | None:
    """Return the `sid`; an empty one would mean every session whose id the provider has never told."""
    sid: str | None = claims.get("sid")
    if sid is not None and not 1 <= len(sid) <= LONGEST_IDENTIFIER:
        raise ClaimRefused(
            expected=f"sid of 1 to {LONGEST_IDENTIFIER} characters", received=f"{len(sid)} characters"
        )
    return sid
