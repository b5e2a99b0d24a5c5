"""The keys of a provider, and the one place where its tokens are verified."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from providers import outgoing
from providers.errors import KeysInvalid, MetadataInvalid, ProviderFault
from providers.metadata.bucket import may_refetch
from providers.models import Provider
from providers.protocol.refusals import outcome_of
from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import record_event
from ssoconsole.jose.algorithms import SYMMETRIC
from ssoconsole.jose.errors import JwtRefused, KeySetRefused, UnknownKey
from ssoconsole.jose.keys import JwkSet, SharedSecret
from ssoconsole.jose.verify import TypeRule, VerifiedJwt, verify_jwt

FRESH_FOR = timedelta(hours=1)
# How long the last good copy serves while the provider does not answer. After that, a key that he may have
# withdrawn is believed no more.
SERVES_FOR = timedelta(hours=24)

# Parsing a key costs more than verifying with it. One entry a provider, replaced by a newer copy.
_parsed: dict[UUID, tuple[datetime, JwkSet]] = {}


def verify_token(provider: Provider, token: str | bytes, *, types: TypeRule) -> VerifiedJwt:
    """
    Return what `provider` has signed: ID token, logout token or userinfo, as `types` says.

    The algorithms are the registration's. A key that is not in the stored set makes the set be fetched once
    more, within limits: the provider may have rotated. Raises an IdTokenRefused; ProviderUnreachable,
    MetadataInvalid or KeysInvalid when there are no keys to verify with.
    """
    if set(provider.signing_algs) <= set(SYMMETRIC):
        return _verified(provider, token, types, _shared_secret(provider))
    keys = _current_keys(provider)
    try:
        return verify_jwt(token, keys=keys, algorithms=provider.signing_algs, types=types)
    except UnknownKey as unknown:
        newer = _attempt(provider, refetch_keys) if may_refetch(provider.pk) else None
        if newer is None:
            raise outcome_of(unknown) from None
        return _verified(provider, token, types, newer)
    except JwtRefused as refused:
        raise outcome_of(refused) from None


def refetch_keys(provider: Provider) -> JwkSet:
    """Fetch, keep and return the key set. Raises ProviderUnreachable, KeysInvalid, MetadataInvalid."""
    url = provider.endpoint("jwks_uri")
    if url is None:
        raise MetadataInvalid(expected="jwks_uri", received="absent")
    document = outgoing.fetch_document(url, fault=KeysInvalid)
    keys = _parse(document)
    _store_keys(provider, document)
    return keys


def _verified(
    provider: Provider, token: str | bytes, types: TypeRule, keys: JwkSet | SharedSecret
) -> VerifiedJwt:
    try:
        return verify_jwt(token, keys=keys, algorithms=provider.signing_algs, types=types)
    except JwtRefused as refused:
        raise outcome_of(refused) from None


def _shared_secret(provider: Provider) -> SharedSecret:
    try:
        return SharedSecret((provider.client_secret or "").encode())
    except ValueError:
        raise KeysInvalid(
            expected="a client secret of at least 32 bytes, for HS algorithms", received="a shorter one"
        ) from None


def _current_keys(provider: Provider) -> JwkSet:
    fetched_at = provider.jwks_fetched_at
    age = timezone.now() - fetched_at if provider.jwks and fetched_at else None
    if age is None or age > SERVES_FOR:
        return refetch_keys(provider)
    if age > FRESH_FOR and may_refetch(provider.pk):
        return _attempt(provider, refetch_keys) or _stored_keys(provider)
    return _stored_keys(provider)


def _attempt(provider: Provider, fetch: Callable[[Provider], JwkSet]) -> JwkSet | None:
    try:
        return fetch(provider)
    except ProviderFault:
        return None


def _stored_keys(provider: Provider) -> JwkSet:
    fetched_at = provider.jwks_fetched_at
    kept = _parsed.get(provider.pk)
    if kept and kept[0] == fetched_at:
        return kept[1]
    keys = _parse(provider.jwks)
    if fetched_at:
        _parsed[provider.pk] = (fetched_at, keys)
    return keys


def _parse(document: Any) -> JwkSet:
    try:
        return JwkSet.parse(document)
    except KeySetRefused as refused:
        raise KeysInvalid(expected="a JSON Web Key Set", received=str(refused)) from None


@transaction.atomic
def _store_keys(provider: Provider, document: dict[str, Any]) -> None:
    """Keep the set, unless the registration has another issuer by now; an event when it changed."""
    row = Provider.objects.select_for_update().filter(pk=provider.pk, issuer=provider.issuer).first()
    if row is None:
        return
    now = timezone.now()
    Provider.objects.filter(pk=row.pk).update(jwks=document, jwks_fetched_at=now)
    if row.jwks != document:
        record_event(
            "provider_keys_changed",
            by=Actor("provider", row.slug),
            target=row.slug,
            before={"kids": _kids(row.jwks)},
            after={"kids": _kids(document)},
        )
    provider.jwks, provider.jwks_fetched_at = document, now


def _kids(document: Any) -> list[str]:
    entries = document.get("keys", []) if isinstance(document, dict) else []
    return [str(entry.get("kid"))[:255] for entry in entries if isinstance(entry, dict)]
