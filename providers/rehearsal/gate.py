"""
What has to be rehearsed before people depend on it.

The rule stands here and the registration's services obey it, so that no door is easier than another.
"""

from copy import copy
from datetime import datetime
from typing import Any

from django.utils import timezone

from providers.models import Provider, Rehearsal, SignInAttempt
from providers.registration.cautions import is_risky
from providers.registration.errors import RehearsalRequired
from providers.rehearsal.services import rehearsed_provider
from ssoconsole.platform.encryption.keyring import DecryptionFailed

MOST = 50  # rehearsals of one provider that are looked at
ENABLED = "enabled"


def pass_gate(
    *, stored: Provider, provider: Provider, anyway: bool, on_trial: bool = False
) -> dict[str, Any]:
    """
    Return what the event of writing `provider` over `stored` says of its rehearsal; empty where none is needed.

    What is saved on trial, or while a trial runs, is taken back by itself and needs none. Raises RehearsalRequired
    where one is needed, there is none, and nobody says `anyway`.
    """
    if on_trial or stored.trial_ends_at:
        return {}
    if not (changed := needs_rehearsal(stored, provider)):
        return {}
    if found := fresh_rehearsal(provider, at=timezone.now()):
        return {"rehearsal": found.reference}
    if anyway:
        return {"anyway": True}
    raise RehearsalRequired(changed)


def pass_gate_to_enable(*, stored: Provider, anyway: bool) -> dict[str, Any]:
    """The same for enabling `stored` as it is."""
    enabled = copy(stored)
    enabled.enabled = True
    return pass_gate(stored=stored, provider=enabled, anyway=anyway)


def needs_rehearsal(stored: Provider, provider: Provider) -> tuple[str, ...]:
    """
    Return the fields because of which a rehearsal is needed; empty for a change that harms nobody.

    Nobody depends on a provider that is disabled and stays so. One that is a draft, or was changed while it was off,
    lets people in by what nobody has tried.
    """
    if not provider.enabled:
        return ()
    if changed := is_risky(stored, provider):
        return changed
    if stored.enabled or not Provider.objects.drafts().filter(pk=stored.pk).exists():
        return ()
    return (ENABLED,)


def fresh_rehearsal(provider: Provider, *, at: datetime) -> SignInAttempt | None:
    """Return a successful attempt through exactly this registration that still counts, by whichever active user."""
    succeeded = SignInAttempt.objects.filter(
        purpose=SignInAttempt.Purpose.REHEARSAL,
        outcome="ok",
        rehearsal__in=Rehearsal.objects.fresh(at=at).filter(provider_id=provider.pk, by__is_active=True),
    )
    for attempt in succeeded.select_related("rehearsal").order_by("-started_at")[:MOST]:
        if attempt.rehearsal and _is_of(attempt.rehearsal, provider):
            return attempt
    return None


def _is_of(rehearsal: Rehearsal, provider: Provider) -> bool:
    try:
        return not is_risky(rehearsed_provider(rehearsal), provider)
    except DecryptionFailed:
        return False
