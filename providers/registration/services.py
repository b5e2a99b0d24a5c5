"""Write registrations; bringing a version back is a save like any other."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.client_keys import ensure_client_key, uses_client_keys
from providers.errors import MetadataInvalid, ProviderUnreachable
from providers.history import (
    find_version,
    keep_what_stands,
    record_version,
    registration_in,
)
from providers.metadata import fetch_discovery, keep_discovery
from providers.models import Provider
from providers.registration.cautions import cautions, refuse_to_give_rights
from providers.registration.errors import ProviderInUse, RegistrationInvalid
from providers.registration.rolling_back import row_to_write
from providers.registration.secret import ENTER_AGAIN, claim_secret
from providers.registration.trial import carry_trial, end_if_undone, follow_up, refuse_trial
from providers.registration.writing import PUBLISHED, refuse_problems, shut_out, snapshot, write_change
from providers.rehearsal.services import pass_gate, pass_gate_to_enable
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import MASK, record_event
from ssoconsole.platform.jose.errors import IssuerMismatch


class Metadata(NamedTuple):
    """The discovery document that was fetched and checked for a registration, or why there is none yet."""

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

    It is judged by `assess`, unless the caller has just done that to show what is wrong, and brings the `metadata` that
    came out. With another issuer the stored metadata and keys go; with another client id they stay, because whoever
    changes that has not looked at endpoints. With either the provider's sessions end; with `enabled` taken away, they
    end too. A save that changes nothing writes nothing.

    What needs a rehearsal (`providers.rehearsal.services`) needs one, or a `trial`, or `anyway`, which goes on
    record. With `trial`, a change of a kind that could lock people out is taken back after that time by itself, unless
    an administrator signs in through the provider before. A new provider that is a `draft` is off, and is not enabled
    without a rehearsal either. `note` is for the history. A client secret that was entered for another issuer, or for
    other hosts, is entered again or forgotten (`registration.secret`). Raises RegistrationInvalid, RehearsalRequired
    and SuperuserRequired.
    """
    refuse_trial(provider, trial)
    if metadata is None:
        stored = Provider.objects.filter(pk=provider.pk).first() if fetch_metadata else None
        metadata = assess(provider, stored=stored, fetch_metadata=fetch_metadata)
    try:
        with transaction.atomic():
            stored = row_to_write(provider)
            document = metadata.document or (stored.discovery if stored else None)
            claim_secret(provider, document, is_first=metadata.document is not None)
            refuse_to_give_rights(stored, provider, by=by)
            if trial is not None:
                by.refuse_if_limited("put a provider on trial")
            on_trial = []
            if stored is None:
                _create(provider, by, draft=draft)
            else:
                carry_trial(stored, provider)
                said = pass_gate(stored=stored, provider=provider, anyway=anyway, on_trial=trial is not None)
                before = write_change(stored=stored, provider=provider, by=by, note=note, said=said)
                on_trial = follow_up(stored=stored, provider=provider, before=before, lasts=trial, by=by)
            if metadata.document is not None:
                keep_discovery(provider, metadata.document, by=by)
                provider.save(update_fields=PUBLISHED)
            if uses_client_keys(provider):
                ensure_client_key(provider=provider, by=by)
    except IntegrityError:
        refuse_problems(provider)  # somebody has taken the slug since it was judged
        raise
    # Others matter to a callback that is shared with them.
    others = Provider.objects.enabled().exclude(pk=provider.pk)
    others_enabled = provider.callback == Provider.Callback.SHARED and others.exists()
    return [*on_trial, *metadata.warnings, *cautions(provider, others_enabled=others_enabled)]


def assess(provider: Provider, *, stored: Provider | None, fetch_metadata: bool = True) -> Metadata:
    """
    Judge a registration that is to be saved over `stored`, by all that needs no lock.

    The discovery document is fetched when there is none or the issuer is another one. Raises RegistrationInvalid.
    """
    wanted = fetch_metadata and needs_metadata(provider, stored)
    try:
        refuse_problems(provider)
    except RegistrationInvalid as invalid:
        # Whoever mistypes the issuer has no other secret for it: what is wrong with the issuer is said as well.
        if wanted and invalid.problems == {"client_secret": [ENTER_AGAIN]}:
            try:
                look_up_metadata(provider)
            except RegistrationInvalid as wrong:
                raise RegistrationInvalid({**wrong.problems, **invalid.problems}) from None
        raise
    return look_up_metadata(provider) if wanted else NOTHING_NEW


def needs_metadata(provider: Provider, stored: Provider | None) -> bool:
    """Tell whether the stored discovery document, if any, is not this registration's."""
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
    stored = row_to_write(provider)
    said = pass_gate_to_enable(stored=stored, anyway=anyway) if stored else {}
    return _switch(provider, enabled=True, by=by, said=said)


@transaction.atomic
def disable_provider(*, provider: Provider, by: Actor) -> bool:
    """
    Let nobody sign in through this provider, end its sessions and take back the rights that it gave.

    False if it was disabled before.
    """
    row_to_write(provider)
    if not _switch(provider, enabled=False, by=by):
        return False
    shut_out(provider=provider, by=by)
    return True


@transaction.atomic
def delete_provider(*, provider: Provider, by: Actor) -> None:
    """Delete a registration that nothing refers to. Raises ProviderInUse."""
    row_to_write(provider)
    if is_in_use(provider):
        raise ProviderInUse(received=provider.slug)
    record_event("provider_deleted", by=by, target=provider.slug, before=snapshot(provider))
    provider.delete()


def is_in_use(provider: Provider) -> bool:
    """Tell whether people, sessions or sign-in attempts refer to this provider."""
    related = (provider.identities, provider.console_sessions, provider.sign_in_attempts)
    return any(rows.exists() for rows in related)


def _create(provider: Provider, by: Actor, *, draft: bool) -> None:
    if draft:
        provider.enabled, provider.risky_change_at = False, timezone.now()
    provider.save(force_insert=True)
    after = snapshot(provider)
    if provider.client_secret:
        after["client_secret"] = MASK
    record_event("provider_created", by=by, target=provider.slug, after=after)
    record_version(provider=provider, by=by)


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
