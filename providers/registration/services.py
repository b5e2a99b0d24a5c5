"""Write registrations; bringing a version back is a save like any other."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from providers.client_keys import ensure_client_key, uses_client_keys
from providers.drift.pending import withdraw
from providers.errors import IssuerMismatch, MetadataInvalid, ProviderUnreachable
from providers.history import (
    NOT_CONFIGURATION,
    find_version,
    keep_what_stands,
    record_version,
    registration_in,
)
from providers.identities.rights import given_by, take_back_unruled, take_rights_back
from providers.metadata import KEPT, fetch_discovery, keep_discovery
from providers.models import Provider
from providers.registration.cautions import cautions, is_risky, refuse_to_give_rights
from providers.registration.errors import ProviderInUse, RegistrationInvalid
from providers.registration.rules import Problems, problems
from providers.registration.secret import claim_secret, readable_secret
from providers.rehearsal.services import pass_gate, pass_gate_to_enable
from providers.sessions.services import end_sessions_of_provider
from providers.trial.beginning import carry_trial, end_if_undone, follow_up, refuse_trial
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import MASK, record_change, record_event

# What the provider has published; only the metadata services change it on a row that stands.
PUBLISHED = (*KEPT, "jwks_failing_since", "tls_not_after")
# What says which provider it is, and who the console is there.
IDENTITY = ("issuer", "client_id")
_NOT_IN_EVENTS = {*NOT_CONFIGURATION, "client_secret"}


class Metadata(NamedTuple):
    """A discovery document that was just fetched and checked, or why there is none yet."""

    document: dict[str, Any] | None
    warnings: list[str]


NOTHING_NEW = Metadata(None, [])


def save_provider(
    *,
    provider: Provider,
    by: Actor,
    fetch_metadata: bool = True,
    metadata: Metadata | None = None,
    trial: timedelta | None = None,
    anyway: bool = False,
    draft: bool = False,
    note: str = "",
) -> list[str]:
    """
    Create or change a registration; return warnings for the administrator.

    The discovery document is fetched when there is none or the issuer is another one, unless the caller brings
    what `look_up_metadata` has just found. With another issuer the stored metadata and keys go; with another
    client id they stay, because whoever changes that has not looked at endpoints. With either the provider's
    sessions end; with `enabled` taken away, they end too. A save that changes nothing writes nothing.

    What needs a rehearsal (`providers.rehearsal.services`) needs one, or a `trial`, or `anyway`, which goes on
    record. With `trial`, a change of a kind that could lock people out is taken back after that time by itself, unless
    an administrator signs in through the provider before. A new provider that is a `draft` is off, and is not enabled
    without a rehearsal either. `note` is for the history. A client secret that was entered for another issuer, or for
    other hosts, is entered again or forgotten (`registration.secret`). Raises RegistrationInvalid, RehearsalRequired
    and SuperuserRequired.
    """
    refuse_problems(provider)
    refuse_trial(provider, trial)
    if metadata is None:
        wanted = fetch_metadata and needs_metadata(provider)
        metadata = look_up_metadata(provider) if wanted else NOTHING_NEW
    with transaction.atomic():
        stored = Provider.objects.select_for_update().filter(pk=provider.pk).first()
        document = metadata.document or (stored.discovery if stored else None)
        claim_secret(provider, document, is_first=metadata.document is not None)
        refuse_to_give_rights(stored, provider, by=by)
        if trial is not None:
            by.refuse_if_limited("put a provider on trial")
        if stored is None:
            _create(provider, by, draft=draft)
            on_trial = []
        else:
            on_trial = _change(stored, provider, by, trial=trial, anyway=anyway, note=note)
        if metadata.document is not None:
            keep_discovery(provider, metadata.document, by=by)
            provider.save(update_fields=PUBLISHED)
        if uses_client_keys(provider):
            ensure_client_key(provider=provider, by=by)
    others = Provider.objects.enabled().exclude(pk=provider.pk).exists()
    return [*on_trial, *metadata.warnings, *cautions(provider, others_enabled=others)]


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
def enable_provider(*, provider: Provider, by: Actor, anyway: bool = False) -> bool:
    """
    Let people sign in through this provider; False if they could before.

    Raises RehearsalRequired and SuperuserRequired as `save_provider`.
    """
    by.refuse_if_limited("enable a provider")
    stored = Provider.objects.select_for_update().filter(pk=provider.pk).first()
    said = pass_gate_to_enable(stored=stored, anyway=anyway) if stored else {}
    return _switch(provider, enabled=True, by=by, said=said)


@transaction.atomic
def disable_provider(*, provider: Provider, by: Actor) -> bool:
    """
    Let nobody sign in through this provider, end its sessions and take back the rights that it gave.

    False if it was disabled before.
    """
    if not _switch(provider, enabled=False, by=by):
        return False
    shut_out(provider=provider, by=by)
    return True


def shut_out(*, provider: Provider, by: Actor) -> None:
    """End the sessions of a provider that vouches for nobody as it did, and take back every right that it gave."""
    end_sessions_of_provider(provider=provider, by=by)
    take_rights_back(given_by(provider), by=by)


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


def refuse_problems(provider: Provider) -> None:
    """Raises RegistrationInvalid for a registration that cannot be saved."""
    found: Problems = problems(provider)
    if not found:
        try:
            provider.validate_unique()
        except ValidationError as taken:
            found = dict(taken.message_dict)
    if found:
        raise RegistrationInvalid(found)


def _create(provider: Provider, by: Actor, *, draft: bool) -> None:
    if draft:
        provider.enabled, provider.risky_change_at = False, timezone.now()
    provider.save(force_insert=True)
    after = _snapshot(provider)
    if provider.client_secret:
        after["client_secret"] = MASK
    record_event("provider_created", by=by, target=provider.slug, after=after)
    record_version(provider=provider, by=by)


def _change(
    stored: Provider, provider: Provider, by: Actor, *, trial: timedelta | None, anyway: bool, note: str
) -> list[str]:
    carry_trial(stored, provider)
    passed = pass_gate(stored=stored, provider=provider, anyway=anyway, on_trial=trial is not None)
    before = write_change(stored=stored, provider=provider, by=by, note=note, said=passed)
    return follow_up(stored=stored, provider=provider, before=before, lasts=trial, by=by)


def write_change(
    *,
    stored: Provider,
    provider: Provider,
    by: Actor,
    action: str = "provider_changed",
    note: str = "",
    said: Mapping[str, Any] | None = None,
) -> int | None:
    """
    Write `provider` over the locked row `stored`, with event, version and the end of sessions that it means.

    `said` goes on record too. Return the number of the version that `stored` was; None, and nothing is written, if they
    are the same.
    """
    other_issuer = stored.issuer != provider.issuer
    for name in PUBLISHED:
        setattr(provider, name, None if other_issuer else getattr(stored, name))
    before, after = _snapshot(stored), _snapshot(provider)
    if readable_secret(stored) != readable_secret(provider):
        # Two texts that differ, so that the change is seen; the event masks every value of this name.
        before["client_secret"] = f"earlier {MASK}" if readable_secret(stored) else None
        after["client_secret"] = f"later {MASK}" if readable_secret(provider) else None
    provider.risky_change_at = timezone.now() if is_risky(stored, provider) else stored.risky_change_at
    if before == after:
        return None
    number = keep_what_stands(stored)
    provider.save(force_update=True)
    record_change(action, by=by, target=provider.slug, before=before, after={**after, **(said or {})})
    record_version(provider=provider, by=by, note=note)
    if other_issuer:
        withdraw(provider, by=by)  # it was about a document of the earlier one
    if has_moved(stored, provider) or (stored.enabled and not provider.enabled):
        shut_out(provider=provider, by=by)
    else:
        take_back_unruled(provider=provider, by=by)
    return number


def _switch(provider: Provider, *, enabled: bool, by: Actor, said: Mapping[str, Any] | None = None) -> bool:
    rows = Provider.objects.filter(pk=provider.pk, enabled=not enabled)
    if not rows.update(enabled=enabled, updated_at=timezone.now()):
        return False
    provider.enabled = enabled
    action = "provider_enabled" if enabled else "provider_disabled"
    record_event(action, by=by, target=provider.slug, after=said or None)
    # Of the row that is there, whatever else the caller has changed on his.
    row = Provider.objects.get(pk=provider.pk)
    row.enabled = not enabled
    keep_what_stands(row)
    row.enabled = enabled
    record_version(provider=row, by=by)
    end_if_undone(row, by=by)
    return True


def has_moved(stored: Provider, provider: Provider) -> bool:
    """Tell whether the registration is at another provider, or of another client there."""
    return any(getattr(stored, name) != getattr(provider, name) for name in IDENTITY)


def _snapshot(provider: Provider) -> dict[str, Any]:
    fields = provider._meta.concrete_fields
    return {field.name: getattr(provider, field.name) for field in fields if field.name not in _NOT_IN_EVENTS}


def restore_version(
    *, provider: Provider, number: int, by: Actor, trial: timedelta | None = None
) -> list[str]:
    """
    Save what a provider was in version `number`, by today's rules; return warnings for the administrator.

    It becomes a new version, unless it is what stands; on trial if `trial` says so. A provider that is disabled
    stays so. It stood before, and needs no rehearsal. Raises VersionUnknown, VersionUnusable and RegistrationInvalid.
    """
    row = Provider.objects.get(pk=provider.pk)
    restored = registration_in(find_version(provider=row, number=number), onto=row)
    return save_provider(
        provider=restored, by=by, trial=trial, anyway=True, note=f"restored from version {number}"
    )
