"""Records: rows that the console writes and nobody edits."""

from typing import Any

from django.http import HttpRequest

from ssoconsole.platform.keyset.paginator import BoundedListAdmin


class RecordAdmin(BoundedListAdmin):
    """Shows rows and changes none."""

    actions_on_bottom = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
