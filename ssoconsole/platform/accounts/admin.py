"""
People and groups in the admin.

Nobody is added here: a person appears by signing in through a provider, and a name taken beforehand would
only keep its owner out. Passwords are not set here either; `manage.py bootstrap_admin` makes the accounts
that have one.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change, record_event
from ssoconsole.platform.keyset.paginator import BoundedListAdmin

RIGHTS = ("is_active", "is_staff", "is_superuser", "groups")


class SelectorMedia:
    """What Django's two-box selector lacks for a screen reader."""

    js = ("js/selector-labels.js",)


@admin.register(User)
class UserAdmin(BoundedListAdmin):
    """What a person is called and may do; who vouches for them is shown and belongs to the provider."""

    list_display = (
        "username",
        "name",
        "email",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
        "expires_at",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("username", "name", "email")
    ordering = ("username",)
    filter_horizontal = ("groups",)
    Media = SelectorMedia
    readonly_fields = ("username", "signs_in", "expires_at", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "name", "email")}),
        ("Signing in", {"fields": ("signs_in", "expires_at")}),
        ("Rights", {"fields": RIGHTS}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """
        Only a superuser hands out rights, or whoever may change people could make themselves one.

        By an e-mail address a provider's new account may be linked, which then is whose address that is.
        """
        fields = self.readonly_fields
        return fields if _is_superuser(request) else (*fields, "email", *RIGHTS)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        _record_form("user", request, form, change)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        _record_deletion("user", request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete one by one, each on record; Django has asked `has_delete_permission` for each of them before."""
        for user in queryset:
            self.delete_model(request, user)

    @admin.display(description="how")
    def signs_in(self, user: User) -> str:
        if not user.has_usable_password():
            return "Through an identity provider; there is no password."
        if user.expires_at is None:
            return "With a password."
        over = user.has_expired(at=timezone.now())
        return "With a temporary password that no longer works." if over else "With a temporary password."


class AuditedGroupAdmin(GroupAdmin):
    """Django's own, whose changes are in the event log, and whose rights are a superuser's to give."""

    Media = SelectorMedia

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        """A group that is called otherwise has the people of other rules."""
        if _is_superuser(request):
            return ()
        return ("name", "permissions") if obj else ("permissions",)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        _record_form("group", request, form, change)

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        _record_deletion("group", request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        for group in queryset:
            self.delete_model(request, group)


admin.site.unregister(Group)
admin.site.register(Group, AuditedGroupAdmin)


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """A superuser is changed and deleted by superusers only."""
    return user is None or not user.is_superuser or _is_superuser(request)


def _record_form(noun: str, request: HttpRequest, form: "ModelForm[Any]", change: bool) -> None:
    """Record what a saved form changed, with the values that the form started from."""
    if change and not form.changed_data:
        return
    record_change(
        f"{noun}_changed" if change else f"{noun}_created",
        by=Actor.of(request),
        target=str(form.instance),
        before={name: _told(form.initial.get(name)) for name in form.changed_data},
        after={name: _told(form.cleaned_data.get(name)) for name in form.changed_data},
    )


def _record_deletion(noun: str, request: HttpRequest, gone: Model) -> None:
    record_event(f"{noun}_deleted", by=Actor.of(request), target=str(gone))


def _told(value: Any) -> Any:
    """Rows of a relation as their names."""
    return sorted(str(row) for row in value) if isinstance(value, (list, QuerySet)) else value
