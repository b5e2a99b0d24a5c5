"""Signed-in browsers."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from providers.admin.records import RecordAdmin
from providers.models import ConsoleSession
from providers.sessions.services import end_session
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_confirmation import asks_first
from ssoconsole.platform.keyset.filters import EndsFilter


class SessionEndsFilter(EndsFilter):
    stopped = "ended_at"
    may_be_endless = False


@admin.register(ConsoleSession)
class ConsoleSessionAdmin(RecordAdmin):
    """Who is signed in, since when and from where; a session can be ended and nothing else."""

    list_display = ("user", "provider", "started_at", "last_seen_at", "expires_at", "address", "ended_at")
    list_filter = ("provider", ("ended_at", admin.EmptyFieldListFilter), SessionEndsFilter)
    list_select_related = ("user", "provider")
    search_fields = ("user__username", "sub")
    fields = (
        "user",
        "provider",
        "sub",
        "sid",
        "started_at",
        "last_seen_at",
        "checked_at",
        "expires_at",
        "address",
        "user_agent",
        "ended_at",
        "ended_by",
    )
    actions = ("end_sessions",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Ending is a change, though nothing of the row is edited."""
        return request.user.has_perm("providers.change_consolesession")

    @admin.action(description="End the selected sessions", permissions=["end"])
    @asks_first("These sessions end at once. The people may sign in again.")
    def end_sessions(self, request: HttpRequest, sessions: QuerySet[Any]) -> None:
        by = Actor.of(request)
        ended = sum(end_session(session=session, by=by) for session in sessions)
        self.message_user(request, f"Sessions ended: {ended}.", messages.SUCCESS)
