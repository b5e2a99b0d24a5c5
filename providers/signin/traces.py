"""A sign-in under way, from the provider's answer to its end, and the trace that it leaves: the attempt's row."""

import json
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from providers.models import ClaimedName, Provider, SignInAttempt
from providers.protocol.claims import values_at
from providers.protocol.mapping import untold_groups
from providers.signin.attempts import ASKED_AGAIN, STEP_UP, save_under_new_reference
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import mask, record_event
from ssoconsole.platform.metrics import count_session_check, count_sign_in

SUCCESS = "ok"
# What finishing an attempt writes; the rest of the row stays as it was when the browser left.
TRACE_FIELDS = ("stage", "outcome", "expected", "received", "trace", "user", "finished_at", "claims")
Purpose = SignInAttempt.Purpose
# Claims that name a person, whatever the mapping reads.
NAMING = (
    *("sub", "email", "name", "preferred_username", "upn", "unique_name"),
    # As Azure AD B2C, directories, and those without a standard write them.
    *("emails", "mail", "username", "nickname", "login"),
)
MOST_NAMES = 20
# What an attempt that went well is in the event log; one that did not has `_refused` behind it.
ACTIONS: dict[str, str] = {
    Purpose.SIGN_IN: "signin",
    Purpose.REFRESH: "session_check",
    Purpose.LOGOUT: "backchannel_logout",
}


@dataclass
class SignIn:
    """
    One per request, on the request. `stage` is the last one entered, `timings` milliseconds by stage.

    `claims` is set as soon as the ID token has proven them; what is unproven is never in a trace. `result` is what
    a rehearsal has to tell.
    """

    attempt: SignInAttempt
    provider: Provider
    stage: str = "returned"
    claims: dict[str, Any] = field(default_factory=dict, repr=False)
    entered_at: float | None = None  # time.perf_counter; None before the first stage that is timed
    timings: dict[str, int] = field(default_factory=dict)
    id_token: str = field(default="", repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    result: dict[str, Any] = field(default_factory=dict, repr=False)

    def enter(self, stage: str) -> None:
        """Go on to a stage, and keep how long the one before took."""
        now = time.perf_counter()
        if self.entered_at is not None:
            self.timings[self.stage] = round((now - self.entered_at) * 1000)
        self.stage, self.entered_at = stage, now


@transaction.atomic(savepoint=False)
def finish_attempt(
    *, sign_in: SignIn, by: Actor, user: AbstractBaseUser | None = None, error: DomainError | None = None
) -> None:
    """Turn the attempt into its trace, and record `signin` or `signin_refused`."""
    attempt = sign_in.attempt
    _describe(attempt, error)
    sign_in.enter(sign_in.stage if error else "done")
    attempt.stage = sign_in.stage
    asked = attempt.trace or {}
    attempt.trace = {"timings": sign_in.timings}
    for mark in (ASKED_AGAIN, STEP_UP):  # what was asked of the provider outlives the end
        if asked.get(mark) is True:
            attempt.trace[mark] = True
    if untold := untold_groups(sign_in.claims, sign_in.provider.mapping):
        attempt.trace["groups_untold"] = untold
    attempt.user_id = user.pk if user else None
    attempt.finished_at = timezone.now()
    claims = dict(sign_in.claims)
    claims.pop("nonce", None)
    # With secrets masked. PostgreSQL keeps no NUL in JSON, and what a provider writes into a name is his business.
    attempt.claims = json.dumps(mask(claims)).replace("\\u0000", "\\ufffd") if claims else None
    if attempt.reference:
        attempt.save(update_fields=TRACE_FIELDS)
    else:  # no browser left for it, so that there is a row only now
        save_under_new_reference(attempt)
    if error is not None and sign_in.claims:
        _keep_claimed_names(attempt, sign_in)
    _record(attempt, sign_in.provider, by)


def _keep_claimed_names(attempt: SignInAttempt, sign_in: SignIn) -> None:
    """Who was let in is found by his user; who was not, by what his provider called him."""
    provider = sign_in.provider
    paths = {*provider.principal_claims, *provider.mapping.values(), *NAMING}
    paths -= {"", provider.mapping.get("groups")}
    found = [value for path in paths for value in values_at(sign_in.claims, path)]
    values = [each for value in found for each in (value if isinstance(value, list) else [value])]
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
    save_under_new_reference(attempt)
    _record(attempt, provider, by)
    return attempt


def _describe(attempt: SignInAttempt, error: DomainError | None) -> None:
    attempt.outcome, attempt.expected, attempt.received = SUCCESS, "", ""
    if error is not None:
        attempt.outcome = error.code
        attempt.expected, attempt.received = _storable(error.expected), _storable(error.received)


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
