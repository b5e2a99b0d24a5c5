"""
What is wrong with an ID token or a logout token of a registered provider, step by step as the sign-in would see it.

The token is looked at and forgotten. Keys are the stored ones: nothing is fetched, whatever the token names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from providers.diagnosis.rules import check_id_token, check_logout_token
from providers.diagnosis.steps import check_signature
from providers.explanations.meanings import meaning_of
from providers.models import Identity, Provider
from providers.protocol.logout_token import EVENT
from providers.protocol.refusals import near_miss
from providers.trial.services import roll_back_overdue
from ssoconsole.platform.examination import Check, failed, passed
from ssoconsole.platform.jose import base64url, strict_json
from ssoconsole.platform.jose.claims import read_claims
from ssoconsole.platform.jose.errors import JwtRefused, shown
from ssoconsole.platform.jose.verify import ID_TOKEN, LOGOUT_TOKEN, MAX_BYTES

ID, LOGOUT = "ID token", "logout token"
MOST_PROVIDERS = 500


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
    roll_back_overdue(at=timezone.now())
    of_issuer = list(Provider.objects.filter(issuer=issuer).in_order()[:MOST_PROVIDERS])
    named = [provider for provider in of_issuer if provider.client_id in client_ids]
    if of_issuer:
        return (named or of_issuer)[0]
    # An issuer that is nearly one of ours, or somebody else's with a client ID of ours: the step `iss` tells.
    every = list(Provider.objects.in_order().values_list("pk", "issuer", "client_id")[:MOST_PROVIDERS])
    near = [pk for pk, registered, _ in every if near_miss(registered, issuer)]
    theirs = [pk for pk, _, client_id in every if client_id in client_ids]
    found = next(iter(near + theirs), None)
    return Provider.objects.get(pk=found) if found else None


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
