"""
What a provider publishes about itself: its discovery document and its keys, fetched, checked and kept.

The document is fetched at registration, on request, and before the first sign-in. Here is told how old the copies are
and how long they still serve, and this is the one place where a provider's tokens are verified.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from providers import outgoing
from providers.client_keys import ensure_client_key, uses_client_keys
from providers.drift.pending import set_aside
from providers.errors import KeysInvalid, MetadataInvalid, ProviderChanged, ProviderFault, ProviderUnreachable
from providers.history import record_version
from providers.models import DiscoveryVersion, JwksVersion, Provider
from providers.protocol.discovery import check_document, discovery_url
from providers.protocol.drift import differences
from providers.protocol.key_set import key_changes, public_halves, same_keys
from providers.registration.secret import extend_to_hosts
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change, record_event
from ssoconsole.platform.jose.algorithms import SYMMETRIC, SharedSecret
from ssoconsole.platform.jose.errors import JwtRefused, KeySetRefused, SignatureInvalid, UnknownKey
from ssoconsole.platform.jose.issuer import issuer_mismatch
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.verify import TypeRule, VerifiedJwt, parse_jws, verify_jwt
from ssoconsole.platform.limits import may_try
from ssoconsole.platform.metrics import provider_fetch

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
    `door` that takes tokens from anybody has limits of its own, for every fetch. Raises a JwtRefused;
    ProviderUnreachable, MetadataInvalid or KeysInvalid when there are no keys to verify with.
    """
    if provider.rehearsed_in:
        door = f"rehearsal {provider.rehearsed_in}"  # it takes no try of a sign-in away
    if set(provider.signing_algs) <= set(SYMMETRIC):
        return verify_jwt(token, keys=_shared_secret(provider), algorithms=provider.signing_algs, types=types)
    keys = _current_keys(provider, door)
    try:
        return verify_jwt(token, keys=keys, algorithms=provider.signing_algs, types=types)
    except JwtRefused as refused:
        rotated = isinstance(refused, UnknownKey) or (
            isinstance(refused, SignatureInvalid) and not _is_named(token, keys)
        )
        newer = _try_to_refetch(provider) if rotated and may_refetch(provider.pk, door=door) else None
        if newer is None:
            raise
        return verify_jwt(token, keys=newer, algorithms=provider.signing_algs, types=types)


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


HOSTS_KNOWN = "the first metadata say to which hosts the client secret goes"
# The columns that `keep_discovery` sets.
KEPT = ("discovery", "discovery_fetched_at", "discovery_failing_since", "jwks", "jwks_fetched_at")


def fetch_discovery(provider: Provider) -> dict[str, Any]:
    """
    Return what counts of the document at the provider's issuer, without keeping it.

    Raises ProviderUnreachable, MetadataInvalid, and IssuerMismatch when it speaks for another issuer.
    """
    with provider_fetch("discovery", provider=provider.slug):
        document = outgoing.fetch_document(discovery_url(provider.issuer))
        return check_discovery(provider, document, issuer=provider.issuer)


def check_discovery(provider: Provider, document: dict[str, Any], *, issuer: str) -> dict[str, Any]:
    """Return what counts of a document for `issuer`, as this registration needs it. Raises as `check_document`."""
    return check_document(
        document,
        issuer=issuer,
        code_flow=provider.response_type == Provider.ResponseType.CODE,
        allow_http=settings.ALLOW_LOOPBACK_PROVIDERS,
    )


def refresh_discovery(*, provider: Provider, by: Actor) -> bool:
    """
    Fetch and keep the document; return whether what is kept differs from before.

    A document that speaks for another issuer is never adopted. Raises as `fetch_discovery`, and as
    `receive_discovery`, which sets other endpoints aside.
    """
    return receive_discovery(provider, fetch_discovery(provider), by=by)


def receive_discovery(provider: Provider, document: dict[str, Any], *, by: Actor) -> bool:
    """
    Keep a document that was fetched and checked; return whether what is kept differs from before.

    Other endpoints, or another issuer, than those in use wait for a person's decision, and the rest is kept.
    Raises IssuerMismatch for a first document of another issuer, and ProviderChanged when the registration was
    given another issuer meanwhile, or its trial is over and is not rolled back yet.
    """
    with transaction.atomic():
        row = Provider.objects.select_for_update().get(pk=provider.pk)
        if row.issuer != provider.issuer:
            raise ProviderChanged(expected=provider.issuer, received=row.issuer)
        if row.was_overdue:  # the row in the database is still the one that was on trial
            raise ProviderChanged(expected="the registration in force", received="one whose trial is over")
        if not row.discovery and document["issuer"] != row.issuer:
            raise issuer_mismatch(expected=row.issuer, received=document["issuer"])
        is_first = not row.discovery
        changed = keep_discovery(row, set_aside(row, document, by=by), by=by)
        if is_first and extend_to_hosts(row, document):
            row.save(update_fields=["client_secret_for"])
            record_version(provider=row, by=by, note=HOSTS_KNOWN)
        save_discovery(row, by=by)
    for name in (*KEPT, "client_secret_for"):
        setattr(provider, name, getattr(row, name))
    return changed


def ensure_discovery(provider: Provider) -> None:
    """Fetch the document if none is kept: the provider may have been down at registration. Raises alike."""
    if not provider.discovery:
        refresh_discovery(provider=provider, by=Actor("provider", provider.slug))


def keep_discovery(provider: Provider, document: dict[str, Any], *, by: Actor) -> bool:
    """
    Put `document` on the row, which the caller saves in the transaction that this is part of.

    A document that differs is kept as a version, and its changed members are an event: whoever controls the
    endpoints controls who signs in.
    """
    before = provider.discovery or {}
    now = timezone.now()
    provider.discovery, provider.discovery_fetched_at = document, now
    provider.discovery_failing_since = None
    if before and not differences(before, document):
        return False
    if before.get("jwks_uri") != document.get("jwks_uri"):
        provider.jwks = provider.jwks_fetched_at = None
    DiscoveryVersion.objects.create(provider=provider, document=document, fetched_at=now)
    record_change("provider_discovery_changed", by=by, target=provider.slug, before=before, after=document)
    return True


def save_discovery(row: Provider, *, by: Actor) -> None:
    """Save what `keep_discovery` has put on the row, and see to a client key that the document takes."""
    row.save(update_fields=KEPT)
    if uses_client_keys(row):
        ensure_client_key(provider=row, by=by)  # the document may rule the key's algorithm out


@dataclass(frozen=True)
class MetadataAge:
    """
    Times since the last fetch; None for what has never been fetched.

    The discovery document is fetched again on request only and never runs out. Keys are fetched again by the
    first sign-in after they are no longer `fresh`; while the provider does not answer, the copy serves until
    `keys_serve_until`, and after that nobody signs in through it.
    """

    discovery: timedelta | None
    keys: timedelta | None
    keys_serve_until: datetime | None
    keys_are_fresh: bool
    keys_serve: bool


def metadata_age(provider: Provider, at: datetime) -> MetadataAge:
    """Return the ages at the moment `at`; without a query or a request."""
    fetched_at = provider.jwks_fetched_at if provider.jwks else None
    keys = at - fetched_at if fetched_at else None
    return MetadataAge(
        discovery=at - provider.discovery_fetched_at if provider.discovery_fetched_at else None,
        keys=keys,
        keys_serve_until=fetched_at + SERVES_FOR if fetched_at else None,
        keys_are_fresh=keys is not None and keys <= FRESH_FOR,
        keys_serve=keys is not None and keys <= SERVES_FOR,
    )
