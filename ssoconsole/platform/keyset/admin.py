"""
A list of records, newest first; each page is read from an index, beginning where the last one ended.

Django's own list counts all rows for the numbers of its pages, and reads through everything before the page asked
for. Here a page has a link to the next one, and one back to the newest.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ssoconsole.platform.admin_base import AnyModelAdmin

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
BEFORE = "before"


@dataclass(frozen=True)
class Cursor:
    """The time and the primary key of a row, by which everything older is found."""

    at: datetime
    pk: Any

    @classmethod
    def parse(cls, text: str, *, pk_field: Any) -> "Cursor | None":
        """Return the cursor of a text that `str` gave; None for any other, which begins with the newest row."""
        microseconds, _, key = text.partition("-")
        if not (microseconds.isdecimal() and microseconds.isascii() and len(microseconds) < 20):
            return None
        if int(microseconds) > LATEST:
            return None
        try:
            pk = pk_field.to_python(key)
            pk_field.run_validators(pk)
        except ValidationError:
            return None
        return None if pk is None else cls(EPOCH + int(microseconds) * MICROSECOND, pk)

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.pk}"


class KeysetChangeList(ChangeList):
    """`older_query` and `newest_query` are the query strings of the next and of the first page, "" for none."""

    before = older_query = newest_query = ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> "QuerySet[Any]":
        """Take the cursor out first: the links of the filters and of the search begin with the newest again."""
        self.before = self.params.pop(BEFORE, self.before)
        self.filter_params.pop(BEFORE, None)
        return super().get_queryset(request, exclude_parameters)

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Without the cursor, which is no filter."""
        found: dict[str, Any] = super().get_filters_params(params)  # type: ignore[no-untyped-call,unused-ignore]
        found.pop(BEFORE, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than the page has, which tells whether there is another."""
        field = self.model_admin.time_field  # type: ignore[attr-defined]  # a KeysetAdmin's
        rows: QuerySet[Any] = self.queryset.order_by(f"-{field}", "-pk")
        cursor = Cursor.parse(self.before, pk_field=self.model._meta.pk)
        if cursor:
            older = Q(**{f"{field}__lt": cursor.at}) | Q(**{field: cursor.at, "pk__lt": cursor.pk})
            rows = rows.filter(older, **{f"{field}__lte": cursor.at})
            self.newest_query = self.get_query_string()
        found = list(rows[: self.list_per_page + 1])
        if len(found) > self.list_per_page:
            last = found[self.list_per_page - 1]
            self.older_query = self.get_query_string({BEFORE: str(Cursor(getattr(last, field), last.pk))})
        self.result_list = found[: self.list_per_page]
        self.result_count = len(self.result_list)
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False
        self.paginator = self.model_admin.get_paginator(request, self.result_list, self.list_per_page)


class KeysetAdmin(AnyModelAdmin):
    """Shows rows in the order of `time_field`, newest first, and changes none."""

    time_field = "at"
    list_per_page = 100
    list_max_show_all = 0
    sortable_by = ()
    actions = None
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
