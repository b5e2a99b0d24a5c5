"""What the admin pages of this app have in common."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ssoconsole.platform.keyset.paginator import BoundedListAdmin

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


class UndeletableAdmin(AnyModelAdmin):
    """Rows that tokens and log lines refer to for ever: disabled or retired, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordAdmin(BoundedListAdmin, UndeletableAdmin):
    """
    Rows that the console writes and nobody edits; actions need the right to change them.

    Their buttons are actions with `permissions=["act"]`.
    """

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Tell whether this person may do what the actions do."""
        return super().has_change_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_act_permission(request)


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
