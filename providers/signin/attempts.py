"""
The attempt's row, as it is written when a browser leaves.

Its trace begins with what was asked of the provider beside signing in: that the person proves again who he is
(`/signin/<slug>?reauth=1`, OpenID Connect Core 1.0 section 3.1.2.1), and that he does so as administrators need it
(`step_up`). A provider may ignore both, and a browser may leave them out on the way; in the row they cannot be changed.
"""

from contextlib import nullcontext

from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.models import ConsoleSession, Provider, Rehearsal, SignInAttempt
from providers.signin.cookies import hash_of
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.references import draw_words

# 2.6 thousand million references. The traces of programs' refusals have more, so that one is never the other.
REFERENCE_WORDS = 3
REFERENCE_TRIES = 5
# Marks in the trace.
ASKED_AGAIN, STEP_UP = "asked_again", "step_up"
Purpose = SignInAttempt.Purpose


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
    trace = {}
    if reauthenticate:
        trace[ASKED_AGAIN] = True
    if step_up:
        trace[STEP_UP] = True
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
        trace=trace,
    )
    attempt.nonce, attempt.code_verifier = nonce, code_verifier
    return save_under_new_reference(attempt)


def new_reference() -> str:
    """Three random words with hyphens between them, such as `canyon-lamp-violet`."""
    return draw_words(REFERENCE_WORDS)


def save_under_new_reference(attempt: SignInAttempt) -> SignInAttempt:
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
