"""Fetching a provider's discovery document, at registration, on request, and before the first sign-in."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from providers import outgoing
from providers.client_keys.services import ensure_client_key, uses_client_keys
from providers.errors import ProviderChanged
from providers.models import DiscoveryVersion, Provider
from providers.protocol.discovery import check_document, discovery_url
from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import record_change
from ssoconsole.metrics.counting import provider_fetch


def fetch_discovery(provider: Provider) -> dict[str, Any]:
    """
    Return the document at the provider's issuer, checked, without keeping it.

    Raises ProviderUnreachable, MetadataInvalid, and IssuerMismatch when it speaks for another issuer.
    """
    with provider_fetch("discovery", provider=provider.slug):
        document = outgoing.fetch_document(discovery_url(provider.issuer))
        check_document(
            document,
            issuer=provider.issuer,
            code_flow=provider.response_type == Provider.ResponseType.CODE,
            allow_http=settings.ALLOW_LOOPBACK_PROVIDERS,
        )
    return document


def refresh_discovery(*, provider: Provider, by: Actor) -> bool:
    """
    Fetch and keep the document; return whether it differs from the one that was kept.

    A document that speaks for another issuer is never adopted. Raises as `fetch_discovery`, and
    ProviderChanged when the registration was given another issuer meanwhile.
    """
    document = fetch_discovery(provider)
    with transaction.atomic():
        row = Provider.objects.select_for_update().get(pk=provider.pk)
        if row.issuer != provider.issuer:
            raise ProviderChanged(expected=provider.issuer, received=row.issuer)
        changed = keep_discovery(row, document, by=by)
        row.save(update_fields=["discovery", "discovery_fetched_at", "jwks", "jwks_fetched_at"])
        if uses_client_keys(row):
            ensure_client_key(provider=row, by=by)  # the document may rule the key's algorithm out
    for name in ("discovery", "discovery_fetched_at", "jwks", "jwks_fetched_at"):
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
    if before == document:
        return False
    if before.get("jwks_uri") != document.get("jwks_uri"):
        provider.jwks = provider.jwks_fetched_at = None
    DiscoveryVersion.objects.create(provider=provider, document=document, fetched_at=now)
    record_change("provider_discovery_changed", by=by, target=provider.slug, before=before, after=document)
    return True
