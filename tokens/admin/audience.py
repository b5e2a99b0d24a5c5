"""Audiences in admin."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import asks_first
from ssoconsole.platform.errors import DomainError
from tokens.admin.records import LinesField, UndeletableAdmin
from tokens.audiences import (
    check_change,
    console_identifier,
    disable_audience,
    enable_audience,
    save_audience,
)
from tokens.models import Audience
from tokens.records.revocation import revoke_tokens_of_audience

if TYPE_CHECKING:
    AudienceModelForm = forms.ModelForm[Audience]
else:
    AudienceModelForm = forms.ModelForm


class AudienceForm(AudienceModelForm):
    scopes = LinesField(help_text="One a line.")

    class Meta:
        model = Audience
        fields = (
            "identifier",
            "name",
            "scopes",
            "profile",
            "signing_alg",
            "token_lifetime",
            "max_token_lifetime",
        )
        help_texts: ClassVar[dict[str, str]] = {
            "identifier": "The absolute URI that tokens carry in aud; fixed once there are tokens.",
            "profile": "OpenMetadata bot tokens are always signed with RS256.",
            "token_lifetime": "Seconds.",
            "max_token_lifetime": "Seconds; empty permits tokens without an end.",
        }

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which the stubs leave out
        if self.errors:
            return
        try:
            check_change(self.instance)
        except DomainError as error:
            self.add_error(None, error.message)


@admin.register(Audience)
class AudienceAdmin(UndeletableAdmin):
    """Create and change; disable instead of deleting."""

    form = AudienceForm
    list_display = ("name", "identifier", "profile", "signing_alg", "token_lifetime", "is_enabled")
    list_filter = ("profile",)
    search_fields = ("name", "identifier")
    actions = ("disable", "enable", "revoke_tokens")

    @admin.display(boolean=True, description="enabled")
    def is_enabled(self, audience: Audience) -> bool:
        return audience.disabled_at is None

    def has_change_permission(self, request: HttpRequest, obj: Audience | None = None) -> bool:
        """The console's own API is a superuser's."""
        is_console = obj is not None and obj.identifier == console_identifier(settings.BASE_URL)
        if is_console and Actor.of(request).is_limited:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Audience, form: Any, change: bool) -> None:
        save_audience(audience=obj, by=Actor.of(request))

    @admin.action(description="Disable (their tokens stop counting)", permissions=["change"])
    @asks_first("Tokens for these audiences stop counting, until somebody enables them again.")
    def disable(self, request: HttpRequest, queryset: QuerySet[Audience]) -> None:
        count = sum(disable_audience(audience=audience, by=Actor.of(request)) for audience in queryset)
        self.message_user(request, f"Disabled: {count}.", messages.SUCCESS)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Audience]) -> None:
        count = sum(enable_audience(audience=audience, by=Actor.of(request)) for audience in queryset)
        self.message_user(request, f"Enabled: {count}.", messages.SUCCESS)

    @admin.action(description="Revoke all tokens for them", permissions=["change"])
    @asks_first("Everything that any bot holds for these audiences will be revoked at once and for good.")
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Audience]) -> None:
        by = Actor.of(request)
        count = sum(revoke_tokens_of_audience(audience=audience, by=by) for audience in queryset)
        self.message_user(request, f"Tokens revoked: {count}.", messages.SUCCESS)
