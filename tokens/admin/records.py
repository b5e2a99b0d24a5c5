"""What the admin pages of this app have in common."""

from typing import Any

from django import forms
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


class LinesField(forms.Field):
    """A list of texts, one a line. What the texts may be is for the services to judge."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3, "cols": 50, "spellcheck": "false"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The stored list as lines; what was typed comes back as it was."""
        return "\n".join(str(line) for line in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        if isinstance(value, list):
            return [str(line) for line in value]
        lines = (line.strip() for line in (value or "").splitlines())
        return [line for line in lines if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)
