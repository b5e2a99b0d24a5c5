"""Keeping refusals, and dropping old ones.

How many refusals a minute are put on record.

Anybody may be refused, and each record is a row. What ends is the record, never the answer.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.connections.batches import delete_in_batches
from ssoconsole.platform.limits import may_try
from ssoconsole.platform.logs import current_request_id
from ssoconsole.platform.references import draw_words
from tokens.models import TokenRefusal
from tokens.protocol.examination.text import check_text, read_unverified
from tokens.refusals.meanings import meaning_of
from tokens.refusals.presentable import kept_of, plausible_name

PER_CLIENT = 20
PER_ADDRESS = 30
ALTOGETHER = 300


def is_worth_a_record(*, proven: str, client_id: str, source: str | None) -> bool:
    """
    Count one more; False past so many in a minute.

    Whoever has proven who he is (`proven`, an actor) is counted by that alone: no stranger's noise keeps the trace of
    a known bot away. Everybody else is counted by `source` (`ssoconsole.platform.limits`), by the name he gives,
    and all of them together.
    """
    if proven:
        return may_try(f"refusals:of:{proven}", tries=PER_CLIENT)
    return (
        may_try(f"refusals:from:{source}", tries=PER_ADDRESS)
        and (not client_id or may_try(f"refusals:named:{client_id}", tries=PER_CLIENT))
        and may_try("refusals:of:strangers", tries=ALTOGETHER)
    )


log = structlog.get_logger("tokens.refusals")

# One more than a sign-in's reference has, so that one is never the other: 3.6 million million.
WORDS = 4
STRANGER = "stranger"


@dataclass(frozen=True)
class Refused:
    """
    What a door has refused: `code` is the cause, `answered` what the caller is told.

    `expected` and `received` hold no secret. `client_id` is a name that the caller gave; `bot_id` and `credential_id`
    are what he has proven. `token` is what was shown as a bearer token, which is read and forgotten.
    """

    door: str
    endpoint: str
    status: int
    code: str
    answered: str
    expected: str = ""
    received: str = ""
    client_id: str = ""
    token: str | None = None
    bot_id: int | None = None
    credential_id: UUID | None = None


def keep_refusal(*, refused: Refused, by: Actor, source: str | None) -> str:
    """
    Write one refusal down, by one statement, and return its reference; "" where it is not worth a row.

    Never raises: a refusal that cannot be written down is a refusal all the same.
    """
    client_id = plausible_name(refused.client_id)
    proven = "" if by.kind == STRANGER else str(by)
    if not is_worth_a_record(proven=proven, client_id=client_id, source=source):
        return ""
    refusal = _row(refused, client_id)
    refusal.actor, refusal.address = str(by)[:300], by.address
    # A statement that fails spoils the transaction around it; where there is none, there is nothing to protect.
    protected = transaction.atomic if transaction.get_connection().in_atomic_block else nullcontext
    try:
        with protected():
            refusal.save(force_insert=True)
    except (DatabaseFault, ValueError) as error:  # also words that are taken, which is as good as never
        log.warning("refusal_not_kept", error=type(error).__name__)
        return ""
    return refusal.reference


def drop_old_refusals(*, at: datetime, keep: timedelta) -> int:
    """Delete refusals older than `keep`, in batches of a transaction each; return how many."""
    old = TokenRefusal.objects.filter(at__lt=at - keep).order_by("at")
    return delete_in_batches(old)


def _row(refused: Refused, client_id: str) -> TokenRefusal:
    row = TokenRefusal(
        reference=draw_words(WORDS),
        at=timezone.now(),
        door=refused.door,
        endpoint=refused.endpoint[:200],
        status=refused.status,
        code=refused.code,
        answered=refused.answered,
        expected=refused.expected or meaning_of(refused.code).expected,
        received=refused.received,
        unverified_client_id=client_id,
        bot_id=refused.bot_id,
        credential_id=refused.credential_id,
        request_id=current_request_id()[:64],
    )
    if refused.token is not None:
        _look_at(refused.token, row)
    return row


def _look_at(token: str, row: TokenRefusal) -> None:
    """Keep what the token says of itself, or how its text is spoilt."""
    failure = next((check for check in check_text(token) if not check.ok), None)
    if failure is None:
        row.unverified_token = kept_of(read_unverified(token))
        return
    row.code, row.expected, row.received = "token_unreadable", failure.expected, failure.received
