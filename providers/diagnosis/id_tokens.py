"""
Explain an ID token or a logout token of a registered provider, step by step.

Each step calls the function that the sign-in calls. The token is not stored. The keys are the stored ones: nothing is
fetched, whatever address the token names.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from providers.diagnosis.subject import check_signature, step
from providers.explanations.meanings import meaning_of
from providers.models import Identity, Provider, SpentLogoutToken
from providers.protocol import id_token, logout_token
from providers.protocol.logout_token import EVENT, LogoutTokenUsed
from ssoconsole.platform.examination import Check, failed, passed
from ssoconsole.platform.jose import base64url, strict_json
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.claims import moment, read_claims, told
from ssoconsole.platform.jose.errors import JwtRefused, shown
from ssoconsole.platform.jose.issuer import check_issuer, near_miss
from ssoconsole.platform.jose.verify import ID_TOKEN, LOGOUT_TOKEN, MAX_BYTES

Claims = Mapping[str, Any]

ID, LOGOUT = "ID token", "logout token"
MOST_PROVIDERS = 500


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


@dataclass(frozen=True)
class Examined:
    """`kind` is ID or LOGOUT; `identity` whom the token speaks of, if that person is known here."""

    kind: str
    provider: Provider
    checks: list[Check]
    identity: Identity | None


def examine_provider_token(token: str, *, at: datetime) -> Examined | None:
    """
    Return every step of checking a token that a provider has, or claims to have, signed; None if none is meant.

    Which provider is decided by `iss`, and among several of one issuer by `aud`, neither of which is verified then.
    """
    unverified_header, unverified_claims = _read(token)
    provider = _meant(unverified_claims) if unverified_claims else None
    if provider is None:
        return None
    kind = _kind(unverified_header, unverified_claims)
    signature, _ = check_signature(token, provider, types=LOGOUT_TOKEN if kind == LOGOUT else ID_TOKEN)
    checks = [_enabled(provider, kind), *signature]
    typed = _typed(token)
    if typed is None:
        return Examined(kind, provider, checks, None)
    rules = check_logout_token if kind == LOGOUT else check_id_token
    checks += rules(typed, provider, now=int(at.timestamp()))
    identity = _identity(provider, typed)
    if kind == ID:
        checks += _person(identity)
    return Examined(kind, provider, checks, identity)


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as far as they are JSON objects, in whatever else they may be wrong."""
    parts = token.split(".")
    if len(token) > MAX_BYTES or len(parts) != 3 or not token.isascii():
        return {}, {}
    try:
        header, claims = (strict_json.loads_object(base64url.decode(part)) for part in parts[:2])
    except ValueError:  # MalformedJson is one
        return {}, {}
    return header, claims


def _typed(token: str) -> dict[str, Any] | None:
    """The claims, if all that are registered have the types of RFC 7519; None where the signature's steps told why."""
    try:
        return read_claims(base64url.decode(token.split(".")[1]))
    except JwtRefused:
        return None


def _meant(unverified_claims: Mapping[str, Any]) -> Provider | None:
    issuer, client_ids = unverified_claims.get("iss"), _audiences(unverified_claims)
    if not isinstance(issuer, str) or "\0" in issuer:
        issuer = ""
    every = list(Provider.objects.defer("discovery", "jwks").in_order()[:MOST_PROVIDERS])
    of_issuer = [provider for provider in every if provider.issuer == issuer]
    named = [provider for provider in of_issuer if provider.client_id in client_ids]
    # An issuer that is nearly one of ours, or somebody else's with a client ID of ours: the step `iss` tells.
    near = [provider for provider in every if near_miss(provider.issuer, issuer)]
    theirs = [provider for provider in every if provider.client_id in client_ids]
    return next(iter([*named, *of_issuer, *near, *theirs]), None)


def _audiences(unverified_claims: Mapping[str, Any]) -> list[str]:
    named = unverified_claims.get("aud", [])
    return [named] if isinstance(named, str) else list(named) if isinstance(named, list) else []


def _kind(unverified_header: Mapping[str, Any], unverified_claims: Mapping[str, Any]) -> str:
    typ = str(unverified_header.get("typ", "")).lower().removeprefix("application/")
    events = unverified_claims.get("events")
    is_logout = typ == "logout+jwt" or (isinstance(events, Mapping) and EVENT in events)
    return LOGOUT if is_logout else ID


def _enabled(provider: Provider, kind: str) -> Check:
    expected = "an enabled provider"
    if provider.enabled or kind == LOGOUT:  # who is disabled may still end sessions
        return passed("provider", provider.slug, expected=expected)
    remedy = meaning_of("provider_disabled").remedy
    return failed("provider", expected=expected, received=f"{provider.slug}, disabled", remedy=remedy)


def _identity(provider: Provider, unverified_claims: Mapping[str, Any]) -> Identity | None:
    sub = unverified_claims.get("sub")
    if not isinstance(sub, str) or "\0" in sub:
        return None
    return Identity.objects.select_related("user").filter(provider=provider, sub=sub[:256]).first()


def _person(identity: Identity | None) -> Iterator[Check]:
    """Whom it would sign in; what admission says of somebody new is not asked here."""
    expected = "a person who is not disabled, or somebody new"
    if identity is None:
        yield passed("person", "nobody who has signed in before", expected=expected)
    elif identity.user.is_active:
        yield passed("person", shown(identity.user.get_username()), expected=expected)
    else:
        remedy = meaning_of("user_disabled").remedy
        received = f"{identity.user.get_username()}, disabled"
        yield failed("person", expected=expected, received=received, remedy=remedy)
