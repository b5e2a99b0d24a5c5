"""Fetching a provider's discovery document, at registration, on request, and before the first sign-in.

How old the copies are of what a provider publishes, and how long they still serve.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from providers import outgoing
from providers.client_keys import ensure_client_key, uses_client_keys
from providers.drift.pending import set_aside
from providers.errors import ProviderChanged
from providers.history.services import record_version
from providers.metadata.keys import FRESH_FOR, SERVES_FOR
from providers.models import DiscoveryVersion, Provider
from providers.protocol.discovery import check_document, discovery_url
from providers.protocol.drift import differences
from providers.protocol.refusals import issuer_mismatch
from providers.registration.secret import extend_to_hosts
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change
from ssoconsole.platform.metrics.counting import provider_fetch

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
    `settle_discovery`, which sets other endpoints aside.
    """
    return settle_discovery(provider, fetch_discovery(provider), by=by)


def settle_discovery(provider: Provider, document: dict[str, Any], *, by: Actor) -> bool:
    """
    Keep a document that was fetched and checked; return whether what is kept differs from before.

    Other endpoints, or another issuer, than those in use wait for a person's decision, and the rest is kept.
    Raises IssuerMismatch for a first document of another issuer, and ProviderChanged when the registration was
    given another issuer meanwhile.
    """
    with transaction.atomic():
        row = Provider.objects.select_for_update().get(pk=provider.pk)
        if row.issuer != provider.issuer:
            raise ProviderChanged(expected=provider.issuer, received=row.issuer)
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
