"""Credentials in admin: never what they are, only that they are."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ssoconsole.actors import Actor
from tokens.admin.records import BoundedPaginator, RecordAdmin
from tokens.credentials.services import retire_credential
from tokens.models import Credential


@admin.register(Credential)
class CredentialAdmin(RecordAdmin):
    """Read and retire; a new secret is made on the page of its bot."""

    list_display = (
        "label_or_hint",
        "bot",
        "kind",
        "is_live",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_from",
    )
    list_select_related = ("bot",)
    list_filter = ("kind",)
    search_fields = ("bot__name", "label", "hint")
    paginator = BoundedPaginator
    fields = (
        "bot",
        "kind",
        "label",
        "hint",
        "public_keys",
        "jwks_uri",
        "trust",
        "created_at",
        "created_by",
        "expires_at",
        "last_used_at",
        "last_used_from",
        "retired_at",
        "retired_by",
    )
    readonly_fields = fields
    actions = ("retire",)

    @admin.display(description="credential")
    def label_or_hint(self, credential: Credential) -> str:
        return str(credential)

    @admin.display(boolean=True, description="live")
    def is_live(self, credential: Credential) -> bool:
        now = timezone.now()
        return credential.retired_at is None and (
            credential.expires_at is None or credential.expires_at > now
        )

    @admin.action(description="Retire (they prove nothing from now on)", permissions=["act"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        count = sum(
            retire_credential(credential=credential, by=Actor.of(request))
            for credential in queryset.select_related("bot")
        )
        self.message_user(request, f"Retired: {count}.", messages.SUCCESS)
