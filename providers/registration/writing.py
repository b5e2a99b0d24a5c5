"""Write a registration over the row that stands, with event and version, and end what no longer holds by it."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from providers.drift.pending import withdraw
from providers.history import UNSEEN, keep_what_stands, record_version
from providers.identities.rights import given_by, take_back_unruled, take_rights_back
from providers.metadata import KEPT
from providers.models import Provider
from providers.models.provider import NOT_CONFIGURATION, is_same_secret
from providers.registration.cautions import RIGHTS, RISKY, differing
from providers.registration.errors import RegistrationInvalid
from providers.registration.rules import Problems, problems
from providers.sessions.services import end_sessions_of_provider
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import MASK, record_change

# What the provider has published; only the metadata services change it on a row that stands.
PUBLISHED = (*KEPT, "jwks_failing_since", "tls_not_after")
# What says which provider it is, and who the console is there: with another one of these, a registration has moved.
IDENTITY = ("issuer", "client_id")
_NOT_IN_EVENTS = {*NOT_CONFIGURATION, "client_secret"}


def refuse_problems(provider: Provider) -> None:
    """Raises RegistrationInvalid for a registration that cannot be saved."""
    found: Problems = problems(provider)
    try:
        provider.validate_unique()
    except ValidationError as taken:
        found = {**taken.message_dict, **found}
    if found:
        raise RegistrationInvalid(found)


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
    before, after = snapshot(stored), snapshot(provider)
    if not is_same_secret(stored, provider):
        # Two texts that differ, so that the change is seen; the event masks every value of this name.
        before["client_secret"] = f"earlier {MASK}" if stored.has_secret else None
        after["client_secret"] = f"later {MASK}" if provider.has_secret else None
    provider.risky_change_at = (
        timezone.now() if differing(stored, provider, RISKY) else stored.risky_change_at
    )
    if before == after:
        return None
    stands = keep_what_stands(stored)
    provider.save(force_update=True)
    record_change(action, by=by, target=provider.slug, before=before, after={**after, **(said or {})})
    record_version(provider=provider, after=stands, by=by, note=note)
    if other_issuer:
        withdraw(provider, by=by)  # it was about a document of the earlier one
    if differing(stored, provider, IDENTITY) or (stored.enabled and not provider.enabled):
        shut_out(provider=provider, by=by)
    # What was written past the services may have taken rules away, and what they gave is still there.
    elif differing(stored, provider, RIGHTS) or stands.note == UNSEEN:
        take_back_unruled(provider=provider, by=by)
    return stands.number


def shut_out(*, provider: Provider, by: Actor) -> None:
    """End the sessions of a provider that vouches for nobody as it did, and take back every right that it gave."""
    end_sessions_of_provider(provider=provider, by=by)
    take_rights_back(given_by(provider), by=by)


def snapshot(provider: Provider) -> dict[str, Any]:
    fields = provider._meta.concrete_fields
    return {field.name: getattr(provider, field.name) for field in fields if field.name not in _NOT_IN_EVENTS}
