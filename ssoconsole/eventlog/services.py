"""The one way into the event log."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import structlog
from django.db import transaction

from ssoconsole.actors import Actor
from ssoconsole.connections.prepared import insert
from ssoconsole.eventlog.masking import mask
from ssoconsole.eventlog.models import Event
from ssoconsole.logs import current_request_id
from ssoconsole.metrics.counting import count_event

log = structlog.get_logger("events")

_EVENT = insert(Event)
_FIELDS = [field for field in Event._meta.concrete_fields if not field.primary_key]
_waiting: ContextVar[list[Event] | None] = ContextVar("events_waiting", default=None)


@contextmanager
def events_in_one_insert() -> Iterator[None]:
    """
    Write all events of this block at its end, by one statement; none, if it ends with an exception.

    It stands inside the transaction that the events belong to, so that they are kept with it or not at all.
    """
    mine: list[Event] = []
    before = _waiting.set(mine)
    try:
        yield
    finally:
        _waiting.reset(before)
    Event.objects.bulk_create(mine)


def record_event(
    action: str,
    *,
    by: Actor,
    target: str = "",
    outcome: str = "ok",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Event:
    """Write one event, in the caller's transaction: what is not audited has not happened."""
    event = Event(
        action=action,
        actor=str(by)[:300],
        target=target[:300],
        outcome=outcome,
        address=by.address,
        request_id=current_request_id(),
        before=mask(before),
        after=mask(after),
    )
    if (waiting := _waiting.get()) is None:
        [[event.pk]] = _EVENT.rows(**{field.attname: getattr(event, field.attname) for field in _FIELDS})
    else:
        waiting.append(event)
    # Said once it has happened: a transaction that is rolled back leaves no line.
    say = partial(log.info, action, actor=str(by), target=target, outcome=outcome)
    transaction.on_commit(say)
    transaction.on_commit(partial(count_event, action))
    return event


def record_change(
    action: str, *, by: Actor, target: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Event:
    """Write an event that holds only the fields whose values differ."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return record_event(
        action,
        by=by,
        target=target,
        before={name: before.get(name) for name in changed},
        after={name: after.get(name) for name in changed},
    )
