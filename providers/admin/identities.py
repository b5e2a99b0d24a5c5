"""People at providers."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from providers.admin.records import RecordAdmin
from providers.identities.unlink import LastWayIn, unlink_identity
from providers.models import Identity
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_confirmation import asks_first


@admin.register(Identity)
class IdentityAdmin(RecordAdmin):
    """Who is whom: the pair of provider and subject that a user signs in with; it can be taken away."""

    list_display = ("user", "provider", "sub", "email", "created_at", "last_signed_in_at")
    list_filter = ("provider",)
    list_select_related = ("user", "provider")
    search_fields = ("sub", "email", "user__username")
    fields = ("user", "provider", "sub", "email", "created_at", "last_signed_in_at")
    actions = ("unlink",)

    def has_unlink_permission(self, request: HttpRequest) -> bool:
        """It is a deletion, though not by the form that deletes rows."""
        return request.user.has_perm("providers.delete_identity")

    @admin.action(description="Unlink the selected identities and end their sessions", permissions=["unlink"])
    @asks_first(
        "These people will not come in by these accounts any more, and their sessions end. "
        "The next sign-in is judged as that of somebody new."
    )
    def unlink(self, request: HttpRequest, identities: QuerySet[Any]) -> None:
        """Anybody else may be left without a way in; oneself never."""
        unlinked = sum(self._unlink(request, identity) for identity in identities)
        self.message_user(request, f"Identities unlinked: {unlinked}.", messages.SUCCESS)

    def _unlink(self, request: HttpRequest, identity: Identity) -> bool:
        if identity.user.is_superuser and not getattr(request.user, "is_superuser", False):
            self.message_user(
                request, f"{identity} is a superuser's; only one may unlink it.", messages.ERROR
            )
            return False
        own = identity.user_id == request.user.pk
        try:
            return unlink_identity(identity=identity, by=Actor.of(request), keep_a_way_in=own)
        except LastWayIn:
            self.message_user(request, f"{identity} is your own only way in; it stays.", messages.ERROR)
            return False
