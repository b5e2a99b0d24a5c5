"""The attempt's row: written when a browser leaves, consumed once when it comes back, and then the trace."""

from contextlib import nullcontext
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.errors import SignInRefused, StateUsed
from providers.models import ClaimedName, ConsoleSession, Provider, Rehearsal, SignInAttempt
from providers.protocol.claim_paths import value_at
from providers.signin import asking_again
from providers.signin.binding import hash_of
from providers.signin.progress import SignIn
from providers.signin.references import new_reference
from ssoconsole.actors import Actor
from ssoconsole.encryption.keyring import key_ring
from ssoconsole.errors import DomainError
from ssoconsole.eventlog.services import record_event
from ssoconsole.metrics.counting import count_session_check, count_sign_in

REFERENCE_TRIES = 5
SUCCESS = "ok"
# What finishing an attempt writes; the rest of the row stays as it was when the browser left.
TRACE_FIELDS = (
    *("stage", "outcome", "expected", "received", "trace", "user", "finished_at"),
    *("nonce", "code_verifier", "posted_answer", "claims"),
)
Purpose = SignInAttempt.Purpose
# Claims that name a person, whatever the mapping reads.
NAMING = ("sub", "email", "name", "preferred_username", "upn", "unique_name")
MOST_NAMES = 20
# What an attempt that went well is in the event log; one that did not has `_refused` behind it.
ACTIONS: dict[str, str] = {
    Purpose.SIGN_IN: "signin",
    Purpose.REFRESH: "session_check",
    Purpose.LOGOUT: "backchannel_logout",
}


def start_attempt(
    *,
    provider: Provider,
    state: str,
    nonce: str,
    code_verifier: str | None,
    binding: str,
    redirect_uri: str,
    next_url: str,
    by: Actor,
    user_agent: str,
    purpose: str = Purpose.SIGN_IN,
    session: ConsoleSession | None = None,
    rehearsal: Rehearsal | None = None,
    reauthenticate: bool = False,
    step_up: bool = False,
) -> SignInAttempt:
    """
    Write down that a browser leaves for `provider`. The row is the record; the event comes with the outcome.

    The issuer is kept as it is now, so that an answer cannot be used after the registration was pointed
    elsewhere. `session` is the one that an attempt of another `purpose` than signing in belongs to; `rehearsal` is
    what it goes through, and then `provider` need not be stored.
    With `reauthenticate` the ID token must say that the person was asked after this; with `step_up` it must have what
    the registration demands of administrators.
    """
    attempt = SignInAttempt(
        provider=rehearsal.provider if rehearsal else provider,
        purpose=purpose,
        session=session,
        rehearsal=rehearsal,
        state_hash=hash_of(state),
        binding_hash=hash_of(binding),
        issuer=provider.issuer,
        redirect_uri=redirect_uri,
        next_url=next_url,
        started_at=timezone.now(),
        address=by.address,
        user_agent=user_agent[:255],
        trace=asking_again.marked(reauthenticate, step_up=step_up),
    )
    attempt.nonce, attempt.code_verifier = nonce, code_verifier
    return _save_under_new_reference(attempt)


def find_attempt(*, state: str) -> SignInAttempt | None:
    """Return the attempt of a `state` parameter with its provider, finished or not."""
    try:
        return SignInAttempt.objects.select_related("provider").get(state_hash=hash_of(state))
    except SignInAttempt.DoesNotExist:
        return None


def keep_posted_answer(*, attempt: SignInAttempt, answer: str) -> None:
    """
    Keep the form that a provider posted until the browser comes for it; once, or StateUsed.

    The state is what authorises this: only the provider and the browser have seen it.
    """
    attempt.posted_answer = answer
    waiting = SignInAttempt.objects.filter(pk=attempt.pk, consumed_at=None, posted_answer__isnull=True)
    sealed = attempt.posted_answer_envelope  # type: ignore[attr-defined]  # the field's own second name
    if not waiting.update(posted_answer=sealed):
        raise StateUsed(expected="one answer", received="a second one")


def consume_attempt(*, attempt: SignInAttempt) -> None:
    """
    Use the attempt up, before anything is spent on its answer; raises StateUsed for everyone but the first.
    """
    now = timezone.now()
    if not SignInAttempt.objects.filter(pk=attempt.pk, consumed_at=None).update(consumed_at=now):
        raise StateUsed(expected="an attempt that is still open", received="one that has been answered")
    attempt.consumed_at = now


@transaction.atomic(savepoint=False)
def finish_attempt(
    *, sign_in: SignIn, by: Actor, user: AbstractBaseUser | None = None, error: SignInRefused | None = None
) -> None:
    """Turn the attempt into its trace, and record `signin` or `signin_refused`; its secrets go."""
    attempt = sign_in.attempt
    _describe(attempt, error)
    attempt.stage = sign_in.stage
    attempt.trace = {**asking_again.mark_in(attempt), **sign_in.trace()}
    attempt.user_id = user.pk if user else None
    attempt.finished_at = timezone.now()
    attempt.nonce = attempt.code_verifier = attempt.posted_answer = None
    attempt.claims = sign_in.kept_claims()
    if attempt.reference:
        attempt.save(update_fields=TRACE_FIELDS)
    else:  # no browser left for it, so that there is a row only now
        _save_under_new_reference(attempt)
    if error is not None and sign_in.claims:
        _keep_claimed_names(attempt, sign_in)
    _record(attempt, sign_in.provider, by)


def _keep_claimed_names(attempt: SignInAttempt, sign_in: SignIn) -> None:
    """Who was let in is found by his user; who was not, by what his provider called him."""
    provider = sign_in.provider
    paths = {*provider.principal_claims, *provider.mapping.values(), *NAMING}
    values = [
        value_at(sign_in.claims, path) for path in paths if path and path != provider.mapping.get("groups")
    ]
    names = {normal_name(value) for value in values if isinstance(value, str)} - {""}
    ring = key_ring()
    ClaimedName.objects.bulk_create(
        ClaimedName(attempt=attempt, name_hash=ring.keyed_hash(name, purpose=ClaimedName.PURPOSE))
        for name in sorted(names)[:MOST_NAMES]
    )


def normal_name(text: str) -> str:
    """Return a claimed name as it is looked for: in any case, and without blanks around it."""
    return text.strip()[:255].casefold()


@transaction.atomic
def record_refusal(
    *,
    error: DomainError,
    by: Actor,
    user_agent: str,
    provider: Provider | None = None,
    next_url: str = "",
    purpose: str = Purpose.SIGN_IN,
) -> SignInAttempt:
    """
    Write a trace for a refusal that must not touch an attempt: nothing fits it, or it is somebody else's.

    Whoever can make the console write into a trace that is not his could hide what really happened there.
    """
    now = timezone.now()
    attempt = SignInAttempt(
        provider=provider,
        purpose=purpose,
        started_at=now,
        finished_at=now,
        stage="refused",
        next_url=next_url,
        address=by.address,
        user_agent=user_agent[:255],
    )
    _describe(attempt, error)
    _save_under_new_reference(attempt)
    _record(attempt, provider, by)
    return attempt


def _describe(attempt: SignInAttempt, error: DomainError | None) -> None:
    attempt.outcome = error.code if error else SUCCESS
    attempt.expected = _storable(error.expected) if error else ""
    attempt.received = _storable(error.received) if error else ""


def _storable(text: str) -> str:
    """
    Fit a stranger's text into its column: no NUL, which PostgreSQL refuses, no lone surrogates, no excess.
    """
    return text.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")[:1000]


def _record(attempt: SignInAttempt, provider: Provider | None, by: Actor) -> None:
    details: dict[str, Any] = {"reference": attempt.reference, "stage": attempt.stage}
    if attempt.expected or attempt.received:
        details |= {"expected": attempt.expected, "received": attempt.received}
    action = ACTIONS.get(attempt.purpose, attempt.purpose)
    count = count_session_check if attempt.purpose == Purpose.REFRESH else count_sign_in
    slug = provider.slug if provider else ""
    if attempt.purpose != Purpose.REHEARSAL:
        transaction.on_commit(partial(count, provider=slug, outcome=attempt.outcome))
    record_event(
        action if attempt.outcome == SUCCESS else f"{action}_refused",
        by=by,
        target=slug,
        outcome=attempt.outcome,
        after=details,
    )


def _save_under_new_reference(attempt: SignInAttempt) -> SignInAttempt:
    """Save with a reference nobody has; two rows that draw the same words are told apart by the database."""
    # A statement that fails spoils the transaction around it; where there is none, there is nothing to protect.
    protected = transaction.atomic if transaction.get_connection().in_atomic_block else nullcontext
    for _ in range(REFERENCE_TRIES - 1):
        attempt.reference = new_reference()
        try:
            with protected():
                attempt.save(force_insert=True)
        except IntegrityError:
            continue
        return attempt
    attempt.reference = new_reference()
    attempt.save(force_insert=True)
    return attempt
