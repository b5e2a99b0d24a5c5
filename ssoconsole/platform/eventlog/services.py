"""The only way to write the event log, and what a log, a trace or an export may show of a value."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.connections.prepared import Pair, Statement, insert
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.logs import log_at_once, request_id_var
from ssoconsole.platform.metrics import count_event

MASK = "••••••••"
SECRET_WORDS = ("secret", "password", "private", "token", "assertion", "verifier", "cookie", "authorization")
_SECRET = re.compile("|".join(SECRET_WORDS))
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
# Names that hold one of the words above and are no secret.
HARMLESS = frozenset(
    {
        "assertion_audience",
        "authorization_endpoint",
        "authorization_response_iss_parameter_supported",
        "client_secret_expires_at",
        "client_secret_for",
        "id_token_signing_alg_values_supported",
        "max_live_tokens",
        "max_token_lifetime",
        "pushed_authorization",
        "pushed_authorization_request_endpoint",
        "require_pushed_authorization_requests",
        "token_endpoint",
        "token_endpoint_auth_method",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "token_lifetime",
        "token_type",
    }
)
log = logging.getLogger("events")

_EVENT = insert(Event)
_waiting: ContextVar[list[Event] | None] = ContextVar("events_waiting", default=None)


def is_secret(name: str) -> bool:
    """Tell whether a value of this name must never be shown."""
    lowered = name.lower()
    return _SECRET.search(lowered) is not None and lowered not in HARMLESS


def mask(value: Any) -> Any:
    """Copy JSON-like data with every value masked whose name says that it is a secret."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        masked = {}
        for name, inner in value.items():
            hides = is_secret(str(name)) and inner not in (None, "")
            masked[str(name)] = MASK if hides else mask(inner)
        return masked
    if isinstance(value, (list, tuple, set, frozenset)):
        return [mask(inner) for inner in value]
    return str(value)


def in_words(value: Any) -> str:
    """
    A value of JSON as a person reads it: `yes`, `none`, `a, b`, `name: value; other: value`, a moment as pages have it.

    What is secret by its name is masked. A text stays as it is, so that it is escaped where it is shown.
    """
    if isinstance(value, Mapping):
        shown: Mapping[Any, Any] = mask(value)
        return "; ".join(f"{name}: {_part(each)}" for name, each in shown.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_part(each) for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        with suppress(ValueError, OverflowError):  # the 31st of February, the end of time
            return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "none" if value is None else str(value) or "empty"


def _part(value: Any) -> str:
    """What has parts of its own stands in brackets within another."""
    return f"({in_words(value)})" if value and isinstance(value, (Mapping, list)) else in_words(value)


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
    columns = _columns(action, by, target, outcome, before, after)
    event = Event(**columns)
    if (waiting := _waiting.get()) is None:
        [[event.pk]] = _EVENT.rows(**columns)
    else:
        waiting.append(event)
    transaction.on_commit(partial(_say, columns))
    return event


class AuditedChange:
    """A change of one row, made as a prepared statement, which is one statement with the event that tells of it."""

    def __init__(self, change: Statement) -> None:
        self._both = Pair(change, _EVENT)

    def happens(
        self, changes: Mapping[str, Any], action: str, *, by: Actor, target: str, after: Mapping[str, Any]
    ) -> bool:
        """
        Make it, with the parameters of the statement; where no row was to be changed there is no event.

        Where the statement asks for `at`, that is the time of the event.
        """
        columns = _columns(action, by, target, "ok", None, after)
        happened = bool(self._both.rows(**{**changes, **columns}))
        if happened:
            transaction.on_commit(partial(_say, columns))
        return happened


def _columns(
    action: str,
    by: Actor,
    target: str,
    outcome: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> dict[str, Any]:
    return {
        "at": timezone.now(),
        "action": action,
        "actor": str(by)[:300],
        "target": target[:300],
        "outcome": outcome,
        "address": by.address,
        "request_id": request_id_var.get(),
        "before": mask(before) if before else before,
        "after": mask(after) if after else after,
    }


def _say(event: Mapping[str, Any]) -> None:
    """Log it and count it, once it is committed: a transaction that is rolled back leaves no line."""
    log_at_once(log, event["action"], actor=event["actor"], target=event["target"], outcome=event["outcome"])
    count_event(event["action"])


def record_change(
    action: str, *, by: Actor, target: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Event:
    """Write an event that holds only the fields whose values differ."""
    old, new = {}, {}
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            old[name], new[name] = before.get(name), after.get(name)
    return record_event(action, by=by, target=target, before=old, after=new)
