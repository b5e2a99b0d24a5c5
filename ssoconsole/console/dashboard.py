"""
The numbers on the admin's first page: each is shown to whoever may look at its rows, and leads to their list.

Sign-ins, tokens and refusals are told by day, without counting millions of rows: `cleanup` counts each row once, before
it drops any, and keeps the numbers with the note that it ran. A page adds the rows since then, the newest MOST of them,
and writes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from providers.admin.attempts import OutcomeFilter
from providers.models import Provider, SignInAttempt
from providers.signin.traces import SUCCESS
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import last_run
from tokens.models import Bot, Stale, TokenRecord, TokenRefusal

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


TIMED = 1_000  # so many of the newest sign-ins tell how long a return takes
OUTCOMES_SHOWN = 20


@dataclass(frozen=True)
class Cell:
    """A number as it is read; without a `url` where it is 0, or its list lacks some of the rows."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table: a cell for each column, and a bar of as many parts, (from, width) in parts of a hundred."""

    name: str
    cells: list[Cell]
    bar: list[tuple[float, float]]
    about: str = ""


def dashboard(site: admin.AdminSite, request: HttpRequest) -> dict[str, Any]:
    """Return what `admin/_standing.html` and `admin/_charts.html` show to this person, by a dozen statements."""
    at, run = timezone.now(), last_run(LastRun.What.CLEANUP)
    details: dict[str, Any] = run.details if run else {}
    kept: Kept = details.get("counts", {})

    def may_see(model: type[models.Model]) -> bool:
        return site.get_model_admin(model).has_view_permission(request)

    found: dict[str, Any] = {"days": DAYS, "counted_at": run.at if run and kept else None}
    providers = list(Provider.objects.in_order().only(*_PROVIDER))
    if may_see(SignInAttempt):
        found |= _sign_ins(by_day(SIGN_INS, kept=kept, at=at), providers, at)
        found["returns"] = _returns(at)
    tokens = [
        (label, counted, model, more)
        for label, counted, model, more in (
            ("Issued", ISSUED, TokenRecord, {}),
            ("Refused", REFUSED, TokenRefusal, {"door__exact": TokenRefusal.Door.TOKEN.value}),
        )
        if may_see(model)
    ]
    if tokens:
        found["token_columns"] = [label for label, *_ in tokens]
        columns = [
            [
                (day, sum(day.numbers.values()), _url(model, counted, day.day, at, **more))
                for day in by_day(counted, kept=kept, at=at)
            ]
            for _, counted, model, more in tokens
        ]
        found["tokens"] = _lines(columns)
    if may_see(Bot):
        found["stale"] = [(stale.label, _stale(stale, at)) for stale in Stale]
    if may_see(Provider):
        found["warnings"] = [
            (each, warning) for each in providers if each.enabled for warning in _warnings(each)
        ]
    if request.user.is_active and request.user.is_superuser:
        found["checklist"] = details.get("checklist")
        found["shows_checklist"] = True
    return found


_PROVIDER = ("name", "enabled", "discovery_failing_since", "jwks_failing_since", "trial_ends_at")


def _warnings(provider: Provider) -> Iterable[str]:
    if provider.discovery_failing_since:
        yield f"its discovery document cannot be read since {provider.discovery_failing_since:%Y-%m-%d %H:%M} UTC"
    if provider.jwks_failing_since:
        yield f"its keys cannot be read since {provider.jwks_failing_since:%Y-%m-%d %H:%M} UTC"
    if provider.trial_ends_at:
        yield f"on trial until {provider.trial_ends_at:%Y-%m-%d %H:%M} UTC"


def _stale(stale: Stale, at: datetime) -> Cell:
    url = f"{reverse('admin:tokens_bot_changelist')}?{urlencode({'stale': stale.value})}"
    return _cell(Bot.objects.stale(at=at, because=stale).count(), complete=True, url=url)


def _returns(at: datetime) -> dict[str, Any] | None:
    """How long 95 of 100 returns took at most, in milliseconds, from the use of the answer to the trace."""
    ended = SignInAttempt.objects.filter(
        outcome=SUCCESS,
        started_at__gte=at - timedelta(days=DAYS),
        consumed_at__isnull=False,
        finished_at__isnull=False,
    )
    times = ended.order_by("-started_at").values_list("consumed_at", "finished_at")[:TIMED]
    took = sorted(finished - consumed for consumed, finished in times if consumed and finished)
    if not took:
        return None
    slowest = took[ceil(len(took) * 0.95) - 1]
    url = f"{reverse('admin:providers_signinattempt_changelist')}?{urlencode({'outcome': SUCCESS})}"
    return {"p95": f"{round(slowest.total_seconds() * 1000):,} ms", "of": len(took), "url": url}


def _sign_ins(days: list[Day], providers: list[Provider], at: datetime) -> dict[str, Any]:
    names = {str(each.pk): each.name for each in providers}
    for day in days:  # with a provider its attempts are deleted
        day.numbers = Counter({k: n for k, n in day.numbers.items() if k[0] is None or k[0] in names})
    columns = []
    for outcome, counts in (
        (SUCCESS, lambda outcome: outcome == SUCCESS),
        (OutcomeFilter.ANY_REFUSAL, lambda outcome: outcome not in ("", SUCCESS)),
        (OutcomeFilter.NOT_FINISHED, lambda outcome: not outcome),
    ):
        columns.append(
            [
                (
                    day,
                    sum(number for (_, was), number in day.numbers.items() if counts(was)),
                    _url(SignInAttempt, SIGN_INS, day.day, at, outcome=outcome, **_SIGN_IN),
                )
                for day in days
            ]
        )
    return {"sign_ins": _lines(columns), **_outcomes(days, names, at)}


_SIGN_IN = {"purpose__exact": SignInAttempt.Purpose.SIGN_IN.value}


def _outcomes(days: list[Day], names: dict[str, str], at: datetime) -> dict[str, Any]:
    """Each outcome at each provider in all days together: the most frequent first, and how many others there are."""
    total: Counter[tuple[Any, ...]] = sum((day.numbers for day in days), Counter())
    complete = all(day.complete for day in days)
    first, last = days[-1].day, days[0].day
    listed = sorted(total.items(), key=lambda item: (-item[1], names.get(item[0][0], ""), item[0][1]))
    most = listed[0][1] if listed else 1
    lines = []
    for (provider, outcome), number in listed[:OUTCOMES_SHOWN]:
        at_provider = {"provider__id__exact": provider} if provider else {"provider__isnull": "True"}
        url = _url(
            SignInAttempt,
            SIGN_INS,
            first,
            at,
            last=last,
            outcome=outcome or OutcomeFilter.NOT_FINISHED,
            **at_provider,
            **_SIGN_IN,
        )
        name = names[provider] if provider else "No provider"
        lines.append(
            Line(
                name,
                [_cell(number, complete=complete, url=url)],
                [(0, round(100 * number / most, 2))],
                outcome or "not finished",
            )
        )
    return {"outcomes": lines, "more_outcomes": len(listed) - len(lines)}


def _lines(columns: list[list[tuple[Day, int, str]]]) -> list[Line]:
    """A line a day, with bars that are as long as their number is beside the greatest."""
    days = list(zip(*columns, strict=True))
    most = max((sum(number for _, number, _ in day) for day in days), default=0) or 1
    lines = []
    for day in days:
        bar, begins = [], 0.0
        for _, number, _ in day:
            width = round(100 * number / most, 2)
            bar.append((round(begins, 2), width))
            begins += width
        cells = [_cell(number, complete=counted.complete, url=url) for counted, number, url in day]
        lines.append(Line(f"{day[0][0].day:%a %-d %b}", cells, bar))
    return lines


def _cell(number: int, *, complete: bool, url: str) -> Cell:
    if not number:
        return Cell("0" if complete else "not counted")
    return Cell(f"{number:,}" if complete else f"{number:,}+", url)


def _url(
    model: type[models.Model], counted: Counted, day: Any, at: datetime, *, last: Any = None, **filters: str
) -> str:
    """The list of these rows; "" where retention has begun to delete some of them."""
    if day <= (at - timedelta(days=getattr(settings, counted.keep))).date():
        return ""
    span = f"{day}..{last}" if last else f"{day}"
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode({**filters, 'day': span})}"
