"""
Page numbers for lists that people leaf through, which counts the rows up to a limit and no further.

Where rows have keys that grow with time, a moment is found among them by the keys alone.
"""

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import QuerySet
from django.http import HttpRequest

from ssoconsole.platform.admin_base import AnyModelAdmin
from ssoconsole.platform.keyset.filters import EndsFilter

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

PAGE = "p"
LAST_PAGE = 1_000  # what is further down is searched for


def asked_page(request: HttpRequest, *, last: int) -> int:
    """The page of a list that is asked for, from 1 to `last`; the first one where what stands there is no number."""
    page = request.GET.get(PAGE, "1")
    # Python refuses to read a number of thousands of digits.
    is_number = page.isascii() and page.isdecimal() and len(page) < 10
    return min(max(int(page), 1), last) if is_number else 1


class BoundedPaginator(AnyPaginator):
    """
    Counts up to MOST rows, or one beyond the page asked for: whoever goes on finds another page there.

    So `count` is the number of rows, or at least as many as there are pages to go to; `is_cut` tells which.
    """

    MOST = 1_000

    def __init__(self, *arguments: Any, asked: int = 1, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._up_to = max(self.MOST, asked * self.per_page + 1)

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        # Without what is only told of the rows that are shown.
        return rows.order_by().values("pk")[: self._up_to].count()

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows than `count`."""
        return isinstance(self.object_list, QuerySet) and self.count >= self._up_to


class BoundedListAdmin(AnyModelAdmin):
    """Its list costs the same however long the table is."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count the whole table

    def get_ordering(self, request: HttpRequest) -> Any:
        """In the order of the ends, where those are asked for."""
        filters = (each for each in self.get_list_filter(request) if isinstance(each, type))
        ends = next((each for each in filters if issubclass(each, EndsFilter)), None)
        return (ends.ordering(request) if ends else ()) or super().get_ordering(request)

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> BoundedPaginator:
        asked = asked_page(request, last=LAST_PAGE)
        return BoundedPaginator(queryset, per_page, orphans, allow_empty_first_page, asked=asked)


def first_key_since(model: type[models.Model], *, time_field: str, at: datetime) -> int | None:
    """
    Return the whole-number key of the first row with a time of `at` or later; None where every row is older.

    Some twenty steps of one statement, each along the primary key: the time needs no index of its own. The times must
    grow with the keys; where they do not quite, so the answer is not quite the first.
    """
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(model._meta.pk.attname)
    time = quote(model._meta.get_field(time_field).attname)  # type: ignore[union-attr]  # a column, no relation
    # Where rows are gone, the one before the middle tells which half the key is in.
    middle = "(low + high) / 2"
    older = f"(SELECT {time} FROM {table} WHERE {key} <= {middle} ORDER BY {key} DESC LIMIT 1) < %s"  # noqa: S608
    # The names are the model's own; `at` is a parameter.
    query = f"""
        WITH RECURSIVE span(low, high) AS (
            SELECT (SELECT MIN({key}) FROM {table}), (SELECT MAX({key}) + 1 FROM {table})
            UNION ALL
            SELECT CASE WHEN {older} THEN {middle} + 1 ELSE low END, CASE WHEN {older} THEN high ELSE {middle} END
            FROM span WHERE low < high
        )
        SELECT MIN(high) FROM span WHERE low = high AND high <= (SELECT MAX({key}) FROM {table})
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [connection.ops.adapt_datetimefield_value(at)] * 2)
        found: int | None = cursor.fetchone()[0]
    return found
