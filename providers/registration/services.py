"""Writing registrations."""

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from providers.client_keys.services import ensure_client_key, uses_client_keys
from providers.drift.pending import withdraw
from providers.errors import IssuerMismatch, MetadataInvalid, ProviderUnreachable
from providers.metadata.services import KEPT, fetch_discovery, keep_discovery
from providers.models import Provider
from providers.registration.cautions import cautions
from providers.registration.errors import ProviderInUse, RegistrationInvalid
from providers.registration.rules import Problems, problems
from providers.registration.secret import readable_secret
from providers.sessions.services import end_sessions_of_provider
from ssoconsole.actors import Actor
from ssoconsole.eventlog.masking import MASK
from ssoconsole.eventlog.services import record_change, record_event

# What the provider has published; only the metadata services change it on a row that stands.
PUBLISHED = (*KEPT, "jwks_failing_since", "tls_not_after")
# What says which provider it is, and who the console is there.
IDENTITY = ("issuer", "client_id")
_NOT_IN_EVENTS = {*PUBLISHED, "id", "client_secret", "created_at", "updated_at"}


class Metadata(NamedTuple):
    """A discovery document that was just fetched and checked, or why there is none yet."""

    document: dict[str, Any] | None
    warnings: list[str]


NOTHING_NEW = Metadata(None, [])


def save_provider(
    *, provider: Provider, by: Actor, fetch_metadata: bool = True, metadata: Metadata | None = None
) -> list[str]:
    """
    Create or change a registration; return warnings for the administrator.

    The discovery document is fetched when there is none or the issuer is another one, unless the caller brings
    what `look_up_metadata` has just found. With another issuer the stored metadata and keys go; with another
    client id they stay, because whoever changes that has not looked at endpoints. With either the provider's
    sessions end; with `enabled` taken away, they end too. A save that changes nothing writes nothing. Raises
    RegistrationInvalid.
    """
    _refuse_problems(provider)
    if metadata is None:
        wanted = fetch_metadata and needs_metadata(provider)
        metadata = look_up_metadata(provider) if wanted else NOTHING_NEW
    with transaction.atomic():
        stored = Provider.objects.select_for_update().filter(pk=provider.pk).first()
        if stored is None:
            _create(provider, by)
        else:
            _change(stored, provider, by)
        if metadata.document is not None:
            keep_discovery(provider, metadata.document, by=by)
            provider.save(update_fields=PUBLISHED)
        if uses_client_keys(provider):
            ensure_client_key(provider=provider, by=by)
    others = Provider.objects.enabled().exclude(pk=provider.pk).exists()
    return [*metadata.warnings, *cautions(provider, others_enabled=others)]


def needs_metadata(provider: Provider) -> bool:
    """Tell whether the stored discovery document, if any, is not this registration's."""
    stored = Provider.objects.filter(pk=provider.pk).first()
    return not provider.discovery or (stored is not None and stored.issuer != provider.issuer)


def look_up_metadata(provider: Provider) -> Metadata:
    """
    Fetch the discovery document of a registration that is to be saved.

    A provider that does not answer is a warning: it is asked again before the first sign-in. One that
    answers wrongly is registered wrongly. Raises RegistrationInvalid.
    """
    try:
        return Metadata(fetch_discovery(provider), [])
    except ProviderUnreachable as unreachable:
        warning = "The provider does not answer now; its metadata is fetched at the first sign-in"
        return Metadata(None, [f"{warning} ({unreachable.received})."])
    except (MetadataInvalid, IssuerMismatch) as wrong:
        reason = f"{wrong.message} Expected {wrong.expected}, received {wrong.received}."
        raise RegistrationInvalid({"issuer": [f"Its discovery document: {reason}"]}) from None


@transaction.atomic
def enable_provider(*, provider: Provider, by: Actor) -> bool:
    """Let people sign in through this provider; False if they could before."""
    return _switch(provider, enabled=True, by=by)


@transaction.atomic
def disable_provider(*, provider: Provider, by: Actor) -> bool:
    """Let nobody sign in through this provider and end its sessions; False if it was disabled before."""
    if not _switch(provider, enabled=False, by=by):
        return False
    end_sessions_of_provider(provider=provider, by=by)
    return True


@transaction.atomic
def delete_provider(*, provider: Provider, by: Actor) -> None:
    """Delete a registration that nothing refers to. Raises ProviderInUse."""
    Provider.objects.select_for_update().get(pk=provider.pk)
    if is_in_use(provider):
        raise ProviderInUse(received=provider.slug)
    record_event("provider_deleted", by=by, target=provider.slug, before=_snapshot(provider))
    provider.delete()


def is_in_use(provider: Provider) -> bool:
    """Tell whether people, sessions or sign-in attempts refer to this provider."""
    related = (provider.identities, provider.console_sessions, provider.sign_in_attempts)
    return any(rows.exists() for rows in related)


def _refuse_problems(provider: Provider) -> None:
    found: Problems = problems(provider)
    if not found:
        try:
            provider.validate_unique()
        except ValidationError as taken:
            found = dict(taken.message_dict)
    if found:
        raise RegistrationInvalid(found)


def _create(provider: Provider, by: Actor) -> None:
    provider.save(force_insert=True)
    after = _snapshot(provider)
    if provider.client_secret:
        after["client_secret"] = MASK
    record_event("provider_created", by=by, target=provider.slug, after=after)


def _change(stored: Provider, provider: Provider, by: Actor) -> None:
    other_issuer = stored.issuer != provider.issuer
    for name in PUBLISHED:
        setattr(provider, name, None if other_issuer else getattr(stored, name))
    before, after = _snapshot(stored), _snapshot(provider)
    if readable_secret(stored) != readable_secret(provider):
        # Two texts that differ, so that the change is seen; the event masks every value of this name.
        before["client_secret"] = f"earlier {MASK}" if readable_secret(stored) else None
        after["client_secret"] = f"later {MASK}" if readable_secret(provider) else None
    if before == after:
        return
    provider.save(force_update=True)
    record_change("provider_changed", by=by, target=provider.slug, before=before, after=after)
    if other_issuer:
        withdraw(provider, by=by)  # it was about a document of the earlier one
    if _has_moved(stored, provider) or (stored.enabled and not provider.enabled):
        end_sessions_of_provider(provider=provider, by=by)


def _switch(provider: Provider, *, enabled: bool, by: Actor) -> bool:
    rows = Provider.objects.filter(pk=provider.pk, enabled=not enabled)
    if not rows.update(enabled=enabled, updated_at=timezone.now()):
        return False
    provider.enabled = enabled
    record_event("provider_enabled" if enabled else "provider_disabled", by=by, target=provider.slug)
    return True


def _has_moved(stored: Provider, provider: Provider) -> bool:
    return any(getattr(stored, name) != getattr(provider, name) for name in IDENTITY)


def _snapshot(provider: Provider) -> dict[str, Any]:
    fields = provider._meta.concrete_fields
    return {field.name: getattr(provider, field.name) for field in fields if field.name not in _NOT_IN_EVENTS}
