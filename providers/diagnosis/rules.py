"""The rules for what a provider has signed, one step each; the very functions that the sign-in calls.

The times of a token, one step each.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from providers.diagnosis.steps import step
from providers.models import Provider, SpentLogoutToken
from providers.protocol import id_token, logout_token
from providers.protocol.logout_token import LogoutTokenUsed
from providers.protocol.refusals import check_issuer
from ssoconsole.platform.examination import Check, passed
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.claims import moment, told


def check_times(
    claims: Mapping[str, Any], provider: Provider, *, now: int, max_age_of_iat: int | None
) -> Iterator[Check]:
    """Check that `exp` and `iat` are there, then each time that is, with the registration's leeway."""
    yield step("times", partial(rules_of_jwt.require, claims, "exp", "iat"), expected="exp and iat")
    leeway = provider.leeway
    for name in ("exp", "iat", "nbf"):
        if name not in claims:
            continue
        rule = partial(
            rules_of_jwt.check_times,
            {name: claims[name]},
            now=now,
            leeway=leeway,
            max_age_of_iat=max_age_of_iat,
        )
        expected, received = _expected(name, now, leeway), told(claims[name], now)
        yield replace(step(name, rule), expected=expected, received=received)


def _expected(name: str, now: int, leeway: int) -> str:
    if name == "exp":
        return f"after {moment(now - leeway)} ({leeway} seconds of leeway)"
    return f"up to {moment(now + leeway)} ({leeway} seconds of leeway)"


Claims = Mapping[str, Any]


def check_id_token(claims: Claims, provider: Provider, *, now: int) -> Iterator[Check]:
    """The rules of OpenID Connect Core 1.0 section 3.1.3.7, but for those that need the attempt."""
    yield from _whose(claims, provider, subject=True)
    if "aud" in claims:
        azp = claims.get("azp", "absent")
        yield step("azp", lambda: id_token.check_authorized_party(claims, provider.client_id), received=azp)
    yield from check_times(claims, provider, now=now, max_age_of_iat=id_token.LONGEST_SINCE_ISSUED)
    yield _nonce(claims)
    yield _hashes(claims)
    if provider.max_age is not None:
        yield _authentication(claims, provider, provider.max_age, now=now)


def check_logout_token(claims: Claims, provider: Provider, *, now: int) -> Iterator[Check]:
    """The rules of OpenID Connect Back-Channel Logout 1.0 section 2.6."""
    yield from _whose(claims, provider, subject=False)
    yield from check_times(claims, provider, now=now, max_age_of_iat=None)
    if "exp" in claims and "iat" in claims:
        lasts = f"{claims['exp'] - claims['iat']} seconds"
        yield step("lifetime", lambda: logout_token.check_lifetime(claims, provider.leeway), received=lasts)
    yield step("events", lambda: logout_token.check_event(claims), expected=logout_token.EVENT)
    yield step("nonce", lambda: logout_token.check_nobody_takes_it_for_an_id_token(claims), received="absent")
    yield step("sub_or_sid", lambda: logout_token.check_somebody_is_named(claims), expected="sub or sid")
    yield step("jti", lambda: rules_of_jwt.require(claims, "jti"), received=claims.get("jti", ""))
    if "jti" in claims:
        yield step(
            "used", lambda: _check_unused(claims, provider), expected="not used yet", received="not used yet"
        )


def _whose(claims: Claims, provider: Provider, *, subject: bool) -> Iterator[Check]:
    issuer, client_id = provider.issuer, provider.client_id
    yield step("iss", lambda: check_issuer(claims, issuer), expected=issuer, received=claims.get("iss", ""))
    if subject:
        yield step("sub", lambda: rules_of_jwt.require(claims, "sub"), received=claims.get("sub", ""))
    named = claims.get("aud", "")
    audience = named if isinstance(named, str) else " ".join(named)
    trusted = frozenset(provider.trusted_audiences)
    rule = partial(rules_of_jwt.check_audience, claims, client_id, trusted=trusted)
    yield step("aud", rule, expected=" ".join([client_id, *sorted(trusted)]), received=audience)


def _nonce(claims: Claims) -> Check:
    check = step("nonce", lambda: rules_of_jwt.require(claims, "nonce"), expected="a nonce")
    if not check.ok:
        return check
    remedy = "Whether it is the attempt's cannot be checked here: only the browser that signed in can bring that about."
    return passed("nonce", "present", expected="the nonce of the attempt", remedy=remedy)


def _hashes(claims: Claims) -> Check:
    there = [name for name in ("at_hash", "c_hash") if name in claims]
    remedy = "They are compared with the access token and the code that came beside it, which are not here."
    received = ", ".join(there) or "absent"
    return passed("hashes", received, expected="at_hash, c_hash or neither", remedy=remedy if there else "")


def _authentication(claims: Claims, provider: Provider, max_age: int, *, now: int) -> Check:
    return step(
        "auth_time",
        lambda: id_token.check_authentication_time(claims, max_age, now=now, leeway=provider.leeway),
        expected=f"at most {max_age} seconds ago",
        received=told(claims["auth_time"], now) if "auth_time" in claims else "absent",
    )


def _check_unused(claims: Claims, provider: Provider) -> None:
    jti_hash = hashlib.sha256(claims["jti"].encode("utf-8", "surrogatepass")).hexdigest()
    if SpentLogoutToken.objects.filter(provider=provider, jti_hash=jti_hash).exists():
        raise LogoutTokenUsed(expected="a jti that is new", received="one that was used")
