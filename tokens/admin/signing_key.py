"""Signing keys in admin: their public half and their life."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import asks_first
from tokens.admin.import_key import import_key
from tokens.admin.records import RecordAdmin
from tokens.keys.services import compromise_signing_key, rotate_signing_key, rotation_possible_from
from tokens.models import SigningKey


@admin.register(SigningKey)
class SigningKeyAdmin(RecordAdmin):
    """Read, rotate, take out."""

    list_display = ("kid", "alg", "current_state", "created_at", "signing_from", "verify_until")
    list_filter = ("alg",)
    fields = (
        "kid",
        "alg",
        "current_state",
        "public_jwk",
        "created_at",
        "signing_from",
        "retired_at",
        "verify_until",
        "compromised_at",
    )
    readonly_fields = fields
    actions = ("rotate", "compromise")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(lambda request: import_key(self, request))
        return [path("import", view, name="tokens_signingkey_import"), *super().get_urls()]

    @admin.display(description="state")
    def current_state(self, key: SigningKey) -> str:
        return key.state(at=timezone.now())

    @admin.action(description="Rotate: let the next key of the algorithm sign", permissions=["act"])
    @asks_first(
        "The next key of each of these algorithms will sign from now on. "
        "The old one goes on verifying what it has signed."
    )
    def rotate(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        for alg in sorted({key.alg for key in queryset}):
            self._rotate(request, alg)

    def _rotate(self, request: HttpRequest, alg: str) -> None:
        since = rotation_possible_from(alg=alg)
        if since > timezone.now():
            from_then_on = f"from {since:%Y-%m-%d %H:%M:%S} UTC on"
            told = f"{alg}: not yet. The next key is too new for every API to have it; {from_then_on}."
            self.message_user(request, told, messages.WARNING)
            return
        key = rotate_signing_key(alg=alg, by=Actor.of(request))
        self.message_user(request, f"{alg}: {key.kid} signs now.", messages.SUCCESS)

    @admin.action(description="Compromised: take out at once", permissions=["act"])
    @asks_first("Every token that these keys have signed will be dead at once. This cannot be undone.")
    def compromise(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        for key in list(queryset):
            compromise_signing_key(kid=key.kid, by=Actor.of(request))
            self.message_user(request, f"{key.kid} is out.", messages.WARNING)
