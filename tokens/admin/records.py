"""What the admin pages of this app have in common."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    AnyModelAdmin = admin.ModelAdmin
    AnyPaginator = Paginator


class UndeletableAdmin(AnyModelAdmin):
    """Rows that tokens and log lines refer to for ever: disabled or retired, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordAdmin(UndeletableAdmin):
    """
    Rows that the console writes and nobody edits; actions need the right to change them.

    Their buttons are actions with `permissions=["act"]`.
    """

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Tell whether this person may do what the actions do."""
        return super().has_change_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_act_permission(request)


class BoundedPaginator(AnyPaginator):
    """Counts so far and no further: a table of millions is searched, not leafed through."""

    MOST = 1_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows[: self.MOST].count() if isinstance(rows, QuerySet) else len(rows)


def confirmation(
    model_admin: AnyModelAdmin, request: HttpRequest, rows: QuerySet[Any], *, action: str, question: str
) -> HttpResponse | None:
    """Return the page that asks first, or None when it has been answered with yes."""
    if request.POST.get("confirmed") == "yes":
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Are you sure?",
        "question": question,
        "rows": rows,
        "action": action,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/tokens/confirm.html", context)
