"""The event log in the admin: read, filtered and searched, never written."""

from collections.abc import Iterator
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import in_words
from ssoconsole.platform.keyset.filters import SeenFilter
from ssoconsole.platform.keyset.paginator import asked_page

if TYPE_CHECKING:
    ModelAdminOfEvent = admin.ModelAdmin[Event]
    PaginatorOfEvents = Paginator[Event]
else:
    ModelAdminOfEvent = admin.ModelAdmin
    PaginatorOfEvents = Paginator

LAST_PAGE = 100_000  # an offset beyond a database's integers would be a fault


class UncountedPaginator(PaginatorOfEvents):
    """
    Looks one event past the page asked for, instead of counting all of them.

    So `count` and `num_pages` only tell whether there is an older page; the templates show no totals.
    """

    def __init__(self, events: QuerySet[Event], per_page: int, *, asked: int) -> None:
        super().__init__(events, per_page)
        self.events = events
        self.asked = asked

    @cached_property
    def count(self) -> int:
        before = (self.asked - 1) * self.per_page
        return before + len(self.events.values_list("pk")[before : before + self.per_page + 1])


class ActionFilter(SeenFilter):
    title = "action"
    parameter_name = "action"
    column = "action"


class OutcomeFilter(admin.SimpleListFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ok", "ok"), ("refused", "everything else")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        if self.value() == "ok":
            return queryset.filter(outcome="ok")
        return queryset.exclude(outcome="ok") if self.value() == "refused" else queryset


@admin.register(Event)
class EventAdmin(ModelAdminOfEvent):
    """Events, newest first."""

    list_display = ("time", "action", "actor", "target", "outcome", "address")
    list_filter = (ActionFilter, OutcomeFilter)
    search_fields = ("target__startswith", "actor__startswith")
    search_help_text = "The beginning of the target or of the actor, such as user:alice or bot:ingestion-bot."
    sortable_by = ()
    show_full_result_count = False
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    fields = ("time", "action", "outcome", "actor", "target", "address", "request_id", "changes")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Event],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> UncountedPaginator:
        return UncountedPaginator(queryset, per_page, asked=asked_page(request, last=LAST_PAGE))

    @admin.display(description="time")
    def time(self, event: Event) -> str:
        return f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

    @admin.display(description="changes")
    def changes(self, event: Event) -> SafeString | str:
        """A table of what was before and after, with the secrets that the log never held still masked."""
        rows = format_html_join(
            "", "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>", differences(event)
        )
        if not rows:
            return "None recorded"
        head = format_html(
            "<tr><th scope='col'>{}</th><th scope='col'>{}</th><th scope='col'>{}</th></tr>", *HEAD
        )
        return format_html(
            "<table class='differences'><thead>{}</thead><tbody>{}</tbody></table>", head, rows
        )


HEAD = ("Field", "Before", "After")
REFERENCE = "reference"


def differences(event: Event) -> Iterator[tuple[str, str, str]]:
    """(field, before, after) for each field that either side names."""
    before, after = event.before or {}, event.after or {}
    for name in {**before, **after}:
        yield name, told(before, name), told(after, name)


def told(side: dict[str, Any], name: str) -> str:
    """
    A value in words, and a hyphen where there is none.

    The reference of a refusal is a link to its explanation.
    """
    if name not in side:
        return "-"
    value = side[name]
    if name == REFERENCE and isinstance(value, str) and value:
        return format_html('<a href="{}">{}</a>', reverse("refusal", args=[value]), value)
    return in_words(value)
