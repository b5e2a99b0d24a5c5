"""What the admin of people can do once there are sessions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from providers.admin.person_page import page_of
from providers.identities.rights import leave_by_hand
from providers.models import ConsoleSession, Identity
from providers.sessions.services import end_sessions_of_user
from ssoconsole.platform.accounts.admin import UserAdmin
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_confirmation import asks_first

_GO_WITH_THE_PERSON = {model._meta.verbose_name for model in (Identity, ConsoleSession)}

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """The accounts' own, which knows of no identity and no session, with both."""

    actions = ("end_sessions",)
    change_form_template = "admin/accounts/user/change_form.html"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """With what there is to know of the person above the form."""
        user = kwargs.get("obj")
        if user is not None:
            context["about"] = page_of(user, request)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Identities and sessions go with the person: they are records, which nobody may delete one by one."""
        deleted, count, forbidden, protected = super().get_deleted_objects(objs, request)
        return deleted, count, forbidden - _GO_WITH_THE_PERSON, protected

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        leave_by_hand(form.instance, form.changed_data)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """As for the list of sessions."""
        return request.user.has_perm("providers.change_consolesession")

    @admin.action(description="End all sessions of the selected people", permissions=["end"])
    @asks_first("Every session of these people ends at once. They may sign in again.")
    def end_sessions(self, request: HttpRequest, people: QuerySet[User]) -> None:
        by = Actor.of(request)
        ended = sum(end_sessions_of_user(user=user, by=by) for user in people)
        self.message_user(request, f"Sessions ended: {ended}.", messages.SUCCESS)
