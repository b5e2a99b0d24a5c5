"""What the admin pages of this app have in common."""

from typing import Any

from django.http import HttpRequest

from ssoconsole.platform.admin_base import AnyModelAdmin
from ssoconsole.platform.keyset.paginator import BoundedListAdmin


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
