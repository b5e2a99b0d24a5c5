"""Filters of such lists, and rows by what they are called: both are found along an index, however many there are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db import connection, models
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone


def values_in(model: type[models.Model], name: str) -> list[str]:
    """
    Return the values that a field has, jumping from one to the next along an index that begins with it.

    DISTINCT would read every row.
    """
    quote = connection.ops.quote_name
    field = cast("models.Field[Any, Any]", model._meta.get_field(name))
    table, column = quote(model._meta.db_table), quote(field.get_attname())
    # The names are the model's own; no value of a request comes near.
    query = f"""
        WITH RECURSIVE found(value) AS (
            SELECT MIN({column}) FROM {table}
            UNION ALL
            SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > found.value) FROM found
            WHERE found.value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [value for (value,) in cursor.fetchall()]


class SeenFilter(admin.SimpleListFilter):
    """The values of one column that there are; a subclass names the column."""

    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in values_in(model_admin.model, self.column) if value]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class WhenFilter(admin.SimpleListFilter):
    """How long ago at most."""

    title = "when"
    parameter_name = "within"
    SPANS: ClassVar[dict[str, timedelta]] = {
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "week": timedelta(days=7),
        "month": timedelta(days=30),
    }

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.time_field: str = model_admin.time_field

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"the last {name}") for name in self.SPANS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        span = self.SPANS.get(self.value() or "")
        return queryset.filter(**{f"{self.time_field}__gte": timezone.now() - span}) if span else queryset


class DayFilter(admin.SimpleListFilter):
    """
    One day, as `?day=2026-11-26`, or from one to another, as `?day=2026-11-13..2026-11-26`; both are included.

    The choices are the last seven days, and what is asked for.
    """

    title = "day"
    parameter_name = "day"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.time_field: str = model_admin.time_field

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.now().date()
        days = [today - timedelta(days=ago) for ago in range(7)]
        choices = [(day.isoformat(), f"{day:%A, %-d %B}") for day in days]
        if (asked := span_of_days(self.value() or "")) and self.value() not in dict(choices):
            first, last = asked[0], asked[1] - timedelta(days=1)
            named = f"{first:%-d %B}" if first == last else f"{first:%-d %B} to {last:%-d %B}"
            choices.append((self.value() or "", named))
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        span = span_of_days(self.value() or "")
        return self.between(queryset, *span) if span else queryset.none()

    def between(self, queryset: QuerySet[Any], begins: datetime, ends: datetime) -> QuerySet[Any]:
        """Return the rows of that time, without its end."""
        return queryset.filter(**{f"{self.time_field}__gte": begins, f"{self.time_field}__lt": ends})


class StateFilter(admin.SimpleListFilter):
    """What has become of a row; a subclass says which rows are in each state at a time."""

    title = "state"
    parameter_name = "state"
    STATES: ClassVar[dict[str, Callable[[Any, datetime], QuerySet[Any]]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state) for state in self.STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.value()
        if asked is None:
            return queryset
        return self.STATES[asked](queryset, timezone.now()) if asked in self.STATES else queryset.none()


class EndsFilter(admin.SimpleListFilter):
    """
    When `expires_at` is or was, of rows that nobody has ended before: that is their state.

    A subclass names the time at which somebody does. What has an end is listed in the order of it, which has an index.
    """

    title = "end"
    parameter_name = "ends"
    stopped: ClassVar[str]
    may_be_endless: ClassVar[bool] = True
    SPANS: ClassVar[dict[str, timedelta]] = {"7-days": timedelta(days=7), "30-days": timedelta(days=30)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        spans = [(name, f"in {span.days} days") for name, span in self.SPANS.items()]
        return [*spans, *([("never", "never")] if self.may_be_endless else []), ("ended", "has ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked, now = self.value(), timezone.now()
        if asked is None:
            return queryset
        left = queryset.filter(**{self.stopped: None})
        if asked in self.SPANS:
            return left.filter(expires_at__gt=now, expires_at__lte=now + self.SPANS[asked])
        if asked == "never" and self.may_be_endless:
            return left.filter(expires_at=None)
        return left.filter(expires_at__lte=now) if asked == "ended" else queryset.none()

    @classmethod
    def ordering(cls, request: HttpRequest) -> tuple[str, ...]:
        """Return the order of the ends that are asked for: the next one, or the last one, first; empty for any."""
        asked = request.GET.get(cls.parameter_name)
        return ("expires_at",) if asked in cls.SPANS else ("-expires_at",) if asked == "ended" else ()


def span_of_days(text: str) -> tuple[datetime, datetime] | None:
    """Return when the days of `FIRST` or `FIRST..LAST` begin and end, in UTC; None for what names none."""
    first, _, last = text.partition("..")
    try:
        begins, until = (
            datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) for day in (first, last or first)
        )
        return begins, until + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def in_any_case(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    """Return those whose field is this text, in any case; `Lower` of the field needs an index."""
    found: QuerySet[Any] = rows.alias(folded=Lower(field)).filter(folded=Lower(Value(text)))
    return found


def beginning_with(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    """
    Return those whose field begins so: as it is typed, in small letters, with a capital or in capitals.

    In any case at all no index has them. SQLite has none for LIKE either, and compares byte by byte.
    """
    begins = Q()
    for spelt in {text, text.lower(), text.capitalize(), text.upper()}:
        if connection.vendor == "sqlite":
            begins |= Q(**{f"{field}__gte": spelt, f"{field}__lt": f"{spelt}{chr(0x10FFFF)}"})
        else:
            begins |= Q(**{f"{field}__startswith": spelt})
    return rows.filter(begins)
