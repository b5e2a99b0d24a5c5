"""Records: rows that the console writes and nobody edits."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    AnyModelAdmin = admin.ModelAdmin
    AnyPaginator = Paginator


class RecordAdmin(AnyModelAdmin):
    """Shows rows and changes none."""

    show_full_result_count = False
    actions_on_bottom = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BoundedPaginator(AnyPaginator):
    """Counts so far and no further: the table of attempts grows with every stranger's visit."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows[: self.MOST].count() if isinstance(rows, QuerySet) else len(rows)
