"""
The end of a trial: confirmed by an administrator who comes in through it, or rolled back.

Each is one conditional update of the provider's row, so that of all processes that see the end one brings it about,
and a confirmation and a roll-back never both happen.
"""

from datetime import datetime

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from providers.client_keys import ensure_client_key, uses_client_keys
from providers.errors import ProviderChanged
from providers.history import VersionUnknown, find_version, record_version, registration_in
from providers.models import ConsoleSession, Provider, ProviderVersion, SignInAttempt
from providers.models.provider import VersionUnusable
from providers.registration.cautions import RIGHTS, differing
from providers.registration.errors import RegistrationInvalid
from providers.registration.secret import claim_secret, extend_to_hosts
from providers.registration.writing import IDENTITY, refuse_problems, shut_out, write_change
from providers.sessions.services import end_selected
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

ROLLED_BACK = "provider_rolled_back"
CONFIRMED = "provider_trial_confirmed"
UNUSABLE = "baseline_unusable"
BY_ITSELF = Actor("trial", "")


def row_to_write(provider: Provider) -> Provider | None:
    """Return the row of a provider, locked, and rolled back if its trial is over; None where there is none."""
    stored = Provider.objects.select_for_update().filter(pk=provider.pk).first()
    if stored is not None:
        roll_back_if_overdue(stored)
    return stored


def roll_back_if_overdue(provider: Provider) -> bool:
    """
    Write that the trial of a provider is over, if the row that was just read does not say so; tell whether it was over.

    For whoever acts by a provider; what was before is on the object already. Somebody else may have rolled it back
    meanwhile.
    """
    if not provider.was_overdue:
        return False
    _end(provider, Q(trial_ends_at__lte=timezone.now()), by=BY_ITSELF)
    provider.refresh_from_db()
    return True


def roll_back_overdue(*, at: datetime) -> int:
    """Roll back every provider whose trial is over at `at`; return how many this call has rolled back."""
    overdue = Provider.objects.past_trial(at=at).order_by("slug")
    return sum(_end(provider, Q(trial_ends_at__lte=at), by=BY_ITSELF) for provider in overdue)


def roll_back_now(*, provider: Provider, by: Actor) -> bool:
    """
    Roll a provider back without waiting for the end of its trial; False if there is none any more.

    Raises SuperuserRequired: what comes back may make a superuser of somebody.
    """
    by.refuse_if_limited("roll a provider back")
    ended = _end(provider, Q(trial_ends_at__isnull=False), by=by)
    provider.refresh_from_db()
    return ended


def confirm_by_sign_in(
    *, provider: Provider, user: User, may_administer: bool, attempt: SignInAttempt, by: Actor
) -> bool:
    """
    Keep for good what is on trial, if `user` is an administrator; tell whether it was confirmed.

    Call it in the transaction that signs him in, before the session is written, and only for a provider on trial.
    `provider` is the row that the whole answer was judged by: if it is not the same any more, or its time is over,
    nobody is signed in by it. An attempt that left before the configuration was written as it is proves only half of
    it, and confirms nothing; neither does an authentication that does not meet what administrators must have.
    Raises ProviderChanged.
    """
    now = timezone.now()
    same = Provider.objects.filter(pk=provider.pk, updated_at=provider.updated_at)
    is_proof = user.is_staff and may_administer and attempt.started_at >= provider.updated_at
    if is_proof and same.filter(trial_ends_at__gt=now).update(trial_ends_at=None, trial_baseline=None):
        before = {"baseline": provider.trial_baseline}
        record_event(CONFIRMED, by=by, target=provider.slug, before=before)
        provider.trial_ends_at = provider.trial_baseline = None
        return True
    # Locked until the session is written, so that a roll-back at this moment finds the session, and can end it.
    if same.exclude(trial_ends_at__lte=now).select_for_update().values_list("pk", flat=True).first():
        return False
    raise ProviderChanged(
        expected="the configuration on trial that this sign-in began with",
        received="one that was changed or rolled back meanwhile, or whose time is over",
    )


@transaction.atomic
def _end(provider: Provider, still: Q, *, by: Actor) -> bool:
    """Take the trial away while it is `still` so, and put back what was before; False if somebody else did."""
    number = Provider.objects.filter(pk=provider.pk).values_list("trial_baseline", flat=True).first()
    if number is None:
        return False
    trials = Provider.objects.filter(still, pk=provider.pk, trial_baseline=number)
    # From here on the row is ours until the transaction ends.
    if not trials.update(trial_ends_at=None, trial_baseline=None):
        return False
    stored = Provider.objects.get(pk=provider.pk)
    try:
        _put_back(stored, number, by=by)
    except (VersionUnknown, VersionUnusable) as lost:
        _disable_instead(stored, number, f"{lost.message} Received {lost.received}.", by=by)
    except RegistrationInvalid as invalid:
        _disable_instead(stored, number, invalid.received, by=by)
    except (DataError, IntegrityError):  # its text holds the row, and so perhaps a secret
        _disable_instead(stored, number, "The database refuses it.", by=by)
    return True


@transaction.atomic
def _put_back(stored: Provider, number: int, *, by: Actor) -> None:
    """In a savepoint of its own: what cannot be put back leaves nothing behind."""
    before = registration_in(find_version(provider=stored, number=number), onto=stored)
    refuse_problems(before)
    claim_secret(before, stored.discovery, is_first=False)
    _end_sessions(stored, before, number, by=by)
    note = f"rolled back to version {number}"
    if write_change(stored=stored, provider=before, by=by, action=ROLLED_BACK, note=note) is None:
        record_event(ROLLED_BACK, by=by, target=stored.slug)
    if not before.discovery:
        # The last document that this issuer has shown, so that a roll-back needs no network.
        before.put_known_metadata()
        if before.discovery:
            extend_to_hosts(before, before.discovery)
            before.save(update_fields=["discovery", "discovery_fetched_at", "client_secret_for"])
    if uses_client_keys(before):
        ensure_client_key(provider=before, by=by)


def _end_sessions(stored: Provider, before: Provider, number: int, *, by: Actor) -> None:
    """
    End what was opened under the trial, where other people may have come in by it or with other rights.

    Where the provider itself was another one, `write_change` ends every session.
    """
    if differing(stored, before, IDENTITY) or not differing(stored, before, RIGHTS):
        return
    began = ProviderVersion.objects.filter(provider=stored, number__gt=number).order_by("number").first()
    sessions = ConsoleSession.objects.filter(provider=stored)
    ended = end_selected(sessions.filter(started_at__gte=began.at) if began else sessions, by=by)
    if ended:
        record_event("sessions_ended", by=by, target=before.slug, after={"sessions": ended})


def _disable_instead(stored: Provider, number: int, why: str, *, by: Actor) -> None:
    """What nobody has confirmed must not go on; there is nothing to put in its place."""
    after = {"enabled": False, "baseline": number, "why": why}
    before = {"enabled": stored.enabled}
    Provider.objects.filter(pk=stored.pk).update(enabled=False, updated_at=timezone.now())
    stored.enabled = False
    record_event(ROLLED_BACK, by=by, target=stored.slug, outcome=UNUSABLE, before=before, after=after)
    note = f"disabled, because version {number} could not be put back: {why}"
    record_version(provider=stored, by=by, note=note)
    shut_out(provider=stored, by=by)
