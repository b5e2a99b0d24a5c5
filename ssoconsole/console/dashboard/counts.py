"""
Sign-ins, tokens and refusals by day.

`cleanup` counts each row once, before it drops any, and keeps the numbers with the note that it ran. A page adds
the rows since then, the newest MOST of them, and writes nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from providers.models import SignInAttempt
from tokens.models import TokenRecord, TokenRefusal

DAYS = 14
MOST = 10_000
# What is younger may still change: a sign-in is answered within a quarter of an hour, or never.
CLOSED_AFTER = timedelta(hours=1)

Kept = dict[str, Any]


@dataclass(frozen=True)
class Counted:
    """
    Rows of one kind, told apart by the columns `by`.

    `key` grows with `time`, and an index tells the newest rows by it. `keep` is the setting that says after
    how many days `cleanup` may delete them.
    """

    name: str
    key: str
    time: str
    by: tuple[str, ...]
    keep: str
    rows: Callable[[], QuerySet[Any]]

    def between(self, start: datetime, end: datetime) -> QuerySet[Any]:
        if self is ISSUED:
            return TokenRecord.objects.issued_between(start, end)
        return self.rows().filter(**{f"{self.time}__gte": start, f"{self.time}__lt": end})


SIGN_INS = Counted(
    "sign_ins",
    "started_at",
    "started_at",
    ("provider", "outcome"),
    "SIGN_IN_TRACE_DAYS",
    lambda: SignInAttempt.objects.filter(purpose=SignInAttempt.Purpose.SIGN_IN),
)
ISSUED = Counted("issued", "number", "issued_at", (), "TOKEN_RECORD_DAYS", TokenRecord.objects.all)
REFUSED = Counted(
    "refused",
    "at",
    "at",
    (),
    "TOKEN_REFUSAL_DAYS",
    lambda: TokenRefusal.objects.filter(door=TokenRefusal.Door.TOKEN),
)
EVERY = (SIGN_INS, ISSUED, REFUSED)


@dataclass
class Day:
    """How many there were of each, by the values of `by`; there may have been more where that is not `complete`."""

    day: date
    numbers: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    complete: bool = True


def by_day(counted: Counted, *, kept: Kept, at: datetime) -> list[Day]:
    """Return the last DAYS days, today first, from what `cleanup` kept (`count_closed`) and the rows since."""
    since, until, numbers = _read(counted, kept, at)
    newest = counted.rows().order_by(f"-{counted.key}").values_list(counted.key, counted.time)
    edge = next(iter(newest[MOST : MOST + 1]), None)
    is_cut = edge is not None and edge[1] >= until
    rows = counted.rows() if is_cut else counted.rows().filter(**{f"{counted.time}__gte": until})
    if edge:
        rows = rows.filter(**{f"{counted.key}__gt": edge[0]})
    for day, more in _grouped(counted, rows, at).items():
        numbers.setdefault(day, Counter()).update(more)
    # From `until` to the edge nobody has counted.
    uncounted = (until.date(), edge[1].date()) if edge and is_cut else None
    return [
        Day(
            day,
            numbers.get(day, Counter()),
            complete=day >= since and not (uncounted and uncounted[0] <= day <= uncounted[1]),
        )
        for day in _days(at)
    ]


def count_closed(*, kept: Kept, at: datetime) -> Kept:
    """
    Return what is to be kept now: `kept` and the rows that have closed since, in JSON.

    `{name: {"since": the first day that was counted, "until": a time, "days": {day: [[value, …, number], …]}}}`.
    """
    closed, counted_now = at - CLOSED_AFTER, {}
    for counted in EVERY:
        since, until, numbers = _read(counted, kept, at)
        if closed > until:
            for day, more in _grouped(counted, counted.between(until, closed), at).items():
                numbers.setdefault(day, Counter()).update(more)
            until = closed
        days = {
            day.isoformat(): [[*values, number] for values, number in numbers[day].items()]
            for day in _days(at)
            if day in numbers
        }
        counted_now[counted.name] = {"since": since.isoformat(), "until": until.isoformat(), "days": days}
    return counted_now


def _read(
    counted: Counted, kept: Kept, at: datetime
) -> tuple[date, datetime, dict[date, Counter[tuple[Any, ...]]]]:
    """The first day that has been counted, until when it went on, and the numbers."""
    first = _days(at)[-1]
    if counted.name not in kept:
        # Of what is older than this some may be deleted already.
        whole = (at - timedelta(days=getattr(settings, counted.keep))).date() + timedelta(days=1)
        since = max(first, whole)
        return since, _start(since), {}
    mine = kept[counted.name]
    numbers = {
        date.fromisoformat(day): Counter({tuple(values): number for *values, number in rows})
        for day, rows in mine["days"].items()
    }
    until = max(datetime.fromisoformat(mine["until"]), _start(first))
    return date.fromisoformat(mine["since"]), until, numbers


def _grouped(counted: Counted, rows: QuerySet[Any], at: datetime) -> dict[date, Counter[tuple[Any, ...]]]:
    days = _days(at)
    place = Case(
        *(When(**{f"{counted.time}__gte": _start(day)}, then=Value(index)) for index, day in enumerate(days)),
        output_field=IntegerField(),
    )
    groups = rows.order_by().annotate(place=place).values_list("place", *counted.by)
    found: dict[date, Counter[tuple[Any, ...]]] = {}
    for index, *values, number in groups.annotate(number=Count("pk")):
        if index is not None:
            key = tuple(None if value is None else str(value) for value in values)
            found.setdefault(days[index], Counter())[key] += number
    return found


def _days(at: datetime) -> list[date]:
    return [at.astimezone(UTC).date() - timedelta(days=ago) for ago in range(DAYS)]


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
