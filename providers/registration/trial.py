"""What a save does to a trial: begin one, prolong it, be part of it, or end it by bringing back what was before."""

from datetime import timedelta

from django.utils import timezone

from providers.history import VersionUnknown, configuration_of, find_version, registration_in
from providers.models import Provider
from providers.models.provider import VersionUnusable
from providers.registration.cautions import RISKY, differing
from providers.registration.errors import RegistrationInvalid
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

TRIAL = ("trial_ends_at", "trial_baseline")
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=24)

RAN_OUT = (
    "The trial under which this was read is over, and what stands is another registration: the version before, unless "
    "somebody has confirmed and changed it since. Open it again before you change it."
)
NOT_NEEDED = "Nothing that could lock anybody out was changed, so it is kept for good and not on trial."
NOBODY_COULD = (
    "Nobody could confirm it now: no administrator has signed in through this provider, and it makes nobody one. Name "
    "somebody among its admin principals, or connect an administrator's account to it first."
)
BROUGHT_BACK = "This is the configuration from before the trial: the trial is over."


def problem_of_trial(provider: Provider, lasts: timedelta) -> str | None:
    """Say why a registration cannot be saved on trial, if so."""
    if provider._state.adding:
        return "A new provider has no earlier version to go back to."
    if not provider.enabled:
        return "Nobody can sign in through a provider that is disabled, so nobody could confirm it."
    if not SHORTEST <= lasts <= LONGEST:
        return "A trial lasts between a second and a day."
    return None


def refuse_trial(provider: Provider, lasts: timedelta | None) -> None:
    """Raises RegistrationInvalid for a trial that cannot be."""
    if lasts is not None and (problem := problem_of_trial(provider, lasts)):
        raise RegistrationInvalid({"trial": [problem]})


def carry_trial(stored: Provider, provider: Provider) -> None:
    """
    Put the trial of the locked row on the one that is about to be saved over it.

    The latter may have been read before the trial began, or before it was confirmed. Raises RegistrationInvalid where
    it was read on trial, and that has been rolled back since: what is saved now was made from a configuration that is
    gone, and would keep it for good.
    """
    # A confirmation leaves the time of the last change as it is.
    is_over = stored.trial_baseline != provider.trial_baseline and stored.updated_at != provider.updated_at
    if provider.trial_ends_at is not None and (is_over or stored.was_overdue):
        raise RegistrationInvalid({"__all__": [RAN_OUT]})
    for name in TRIAL:
        setattr(provider, name, getattr(stored, name))


def follow_up(
    *, stored: Provider, provider: Provider, before: int | None, lasts: timedelta | None, by: Actor
) -> list[str]:
    """
    Do to the trial what a save asks for, or brings about; return sentences for the administrator.

    `before` is the number of the version that was saved over, None if nothing has changed. The first version to go
    back to stays until the trial is over, whatever is saved meanwhile.
    """
    if stored.trial_ends_at is None:
        enables = provider.enabled and not stored.enabled
        if lasts is None:
            return []
        if before is None or not (enables or differing(stored, provider, RISKY)):
            return [NOT_NEEDED]
        return [_put(provider, lasts, baseline=before, by=by)]
    if end_if_undone(provider, by=by):
        return [BROUGHT_BACK]
    if lasts is not None:
        return [_put(provider, lasts, baseline=stored.trial_baseline, by=by)]
    return [] if before is None else [_sentence(provider)]


def end_if_undone(provider: Provider, *, by: Actor) -> bool:
    """End a trial under which everything is again as it was before; tell whether it did."""
    if provider.trial_baseline is None:
        return False
    try:
        version = find_version(provider=provider, number=provider.trial_baseline)
        undone = registration_in(version, onto=provider)
    except (VersionUnknown, VersionUnusable):
        return False
    if configuration_of(undone) != configuration_of(provider):
        return False
    before = {"baseline": provider.trial_baseline, "ends_at": _told(provider)}
    provider.trial_ends_at = provider.trial_baseline = None
    Provider.objects.filter(pk=provider.pk).update(trial_ends_at=None, trial_baseline=None)
    record_event("provider_trial_ended", by=by, target=provider.slug, before=before)
    return True


def _put(provider: Provider, lasts: timedelta, *, baseline: int | None, by: Actor) -> str:
    provider.trial_ends_at, provider.trial_baseline = timezone.now() + lasts, baseline
    rows = Provider.objects.filter(pk=provider.pk)
    rows.update(trial_ends_at=provider.trial_ends_at, trial_baseline=baseline)
    after = {"baseline": baseline, "ends_at": _told(provider)}
    record_event("provider_trial_started", by=by, target=provider.slug, after=after)
    return _sentence(provider)


def nobody_could_confirm(provider: Provider) -> bool:
    """Tell whether no administrator is known who could sign in through it: none has, and it makes none."""
    has_come = provider.identities.filter(user__is_active=True, user__is_staff=True).exists()
    return not (has_come or provider.admin_principals or provider.link_by_verified_email)


def _sentence(provider: Provider) -> str:
    unconfirmed = f" {NOBODY_COULD}" if nobody_could_confirm(provider) else ""
    return (
        f"On trial until {provider.trial_ends_at:%Y-%m-%d %H:%M:%S} UTC: unless an administrator signs in through "
        f"{provider} before, version {provider.trial_baseline} comes back, and all that was saved since is undone."
        f"{unconfirmed}"
    )


def _told(provider: Provider) -> str:
    return provider.trial_ends_at.isoformat() if provider.trial_ends_at else ""
