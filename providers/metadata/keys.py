"""The keys of a provider, and the one place where its tokens are verified."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from providers import outgoing
from providers.errors import KeysInvalid, MetadataInvalid, ProviderFault, ProviderUnreachable
from providers.models import JwksVersion, Provider
from providers.protocol.key_set import key_changes, public_halves, same_keys
from providers.protocol.refusals import outcome_of
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.algorithms import SYMMETRIC
from ssoconsole.platform.jose.errors import JwtRefused, KeySetRefused, SignatureInvalid, UnknownKey
from ssoconsole.platform.jose.keys import JwkSet, SharedSecret
from ssoconsole.platform.jose.verify import TypeRule, VerifiedJwt, parse_jws, verify_jwt
from ssoconsole.platform.limits import may_try
from ssoconsole.platform.metrics.counting import provider_fetch

FRESH_FOR = timedelta(hours=1)
# How long the last good copy serves while the provider does not answer. After that, a key that he may have
# withdrawn is believed no more.
SERVES_FOR = timedelta(hours=24)
# The outcome of an event: a key was exchanged for another one under its name.
REPLACED = "key_replaced"

# Parsing a key costs more than verifying with it. One entry a provider, replaced by a newer copy.
_parsed: dict[UUID, tuple[datetime, JwkSet]] = {}


def verify_token(provider: Provider, token: str | bytes, *, types: TypeRule, door: str = "") -> VerifiedJwt:
    """
    Return what `provider` has signed: ID token, logout token or userinfo, as `types` says.

    The algorithms are the registration's. The provider may have rotated: a key that is not in the stored set,
    or a bad signature by a key that no `kid` has named, makes the set be fetched once more, within limits. A
    `door` that takes tokens from anybody has limits of its own, for every fetch. Raises an IdTokenRefused;
    ProviderUnreachable, MetadataInvalid or KeysInvalid when there are no keys to verify with.
    """
    if provider.rehearsed_in:
        door = f"rehearsal {provider.rehearsed_in}"  # it takes no try of a sign-in away
    if set(provider.signing_algs) <= set(SYMMETRIC):
        return _verified(provider, token, types, _shared_secret(provider))
    keys = _current_keys(provider, door)
    try:
        return verify_jwt(token, keys=keys, algorithms=provider.signing_algs, types=types)
    except JwtRefused as refused:
        rotated = isinstance(refused, UnknownKey) or (
            isinstance(refused, SignatureInvalid) and not _is_named(token, keys)
        )
        newer = _try_to_refetch(provider) if rotated and may_refetch(provider.pk, door=door) else None
        if newer is None:
            raise outcome_of(refused) from None
        return _verified(provider, token, types, newer)


def may_refetch(provider_id: UUID, *, door: str = "") -> bool:
    """
    Take one of three tries a minute to ask a provider for its keys, however many tokens with unknown keys come in.

    Each `door` has its own three: what strangers post at one cannot use up the tries of another.
    """
    return may_try(f"keys of provider {provider_id} at {door}")


def refetch_keys(provider: Provider) -> JwkSet:
    """Fetch, keep and return the key set. Raises ProviderUnreachable, KeysInvalid, MetadataInvalid."""
    url = provider.endpoint("jwks_uri")
    if url is None:
        raise MetadataInvalid(expected="jwks_uri", received="absent")
    with provider_fetch("jwks", provider=provider.slug):
        document = outgoing.fetch_document(url, fault=KeysInvalid)
        keys = parse_keys(document)
    store_keys(provider, document, url=url)
    return _remember(provider, keys) if provider.jwks is document else keys


def parse_keys(document: Any) -> JwkSet:
    """Return the keys in a document. Raises KeysInvalid when it is no key set."""
    try:
        return JwkSet.parse(document)
    except KeySetRefused as refused:
        raise KeysInvalid(expected="a JSON Web Key Set", received=str(refused)) from None


@transaction.atomic
def store_keys(provider: Provider, document: dict[str, Any], *, url: str) -> None:
    """
    Keep the set that was fetched at `url`, unless the registration has another issuer or key address by now.

    Keys that differ are a version and an event; another key under the same name is an event of its own outcome. The set
    of a rehearsal is kept with its provider in hand alone.
    """
    if provider.rehearsed_in:
        provider.jwks, provider.jwks_fetched_at = document, timezone.now()
        return
    row = Provider.objects.select_for_update().filter(pk=provider.pk, issuer=provider.issuer).first()
    if row is None or row.endpoint("jwks_uri") != url:
        return
    now = timezone.now()
    Provider.objects.filter(pk=row.pk).update(jwks=document, jwks_fetched_at=now, jwks_failing_since=None)
    if row.jwks is None or not same_keys(row.jwks, document):
        JwksVersion.objects.create(provider=row, document=public_halves(document), fetched_at=now)
        record_event(
            "provider_keys_changed",
            by=Actor("provider", row.slug),
            target=row.slug,
            outcome=REPLACED if key_changes(row.jwks, document).replaced else "ok",
            before={"kids": _kids(row.jwks)},
            after={"kids": _kids(document)},
        )
    provider.jwks, provider.jwks_fetched_at = document, now


def _is_named(token: str | bytes, keys: JwkSet) -> bool:
    """Tell whether the token names one of these keys, so that another key cannot be meant."""
    kid = parse_jws(token).unverified_header.get("kid")
    return kid is not None and any(key.kid == kid for key in keys.keys)


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


def _current_keys(provider: Provider, door: str) -> JwkSet:
    fetched_at = provider.jwks_fetched_at
    age = timezone.now() - fetched_at if provider.jwks and fetched_at else None
    if age is None or age > SERVES_FOR:
        if door and not may_refetch(provider.pk, door=door):
            raise ProviderUnreachable(expected="the provider's keys", received="asked too often just now")
        return refetch_keys(provider)
    if age > FRESH_FOR and may_refetch(provider.pk, door=door) and (newer := _try_to_refetch(provider)):
        return newer
    kept = _parsed.get(provider.pk)
    if kept and kept[0] == fetched_at:
        return kept[1]
    return _remember(provider, parse_keys(provider.jwks))


def _try_to_refetch(provider: Provider) -> JwkSet | None:
    try:
        return refetch_keys(provider)
    except ProviderFault:
        return None


def _remember(provider: Provider, keys: JwkSet) -> JwkSet:
    """Keep the parsed form of what `provider` has stored; a rehearsal's keys are kept nowhere."""
    if provider.jwks_fetched_at and not provider.rehearsed_in:
        _parsed[provider.pk] = (provider.jwks_fetched_at, keys)
    return keys


def _kids(document: Any) -> list[str]:
    entries = document.get("keys", []) if isinstance(document, dict) else []
    return [str(entry.get("kid"))[:255] for entry in entries if isinstance(entry, dict)]
