"""Credentials in admin: never what they are, only that they are; and a platform's token tried on a federation rule."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import AnyModelAdmin, asks_first
from ssoconsole.platform.keyset.filters import EndsFilter, StateFilter
from tokens.admin.bot_forms import TrialForm
from tokens.admin.records import RecordAdmin
from tokens.credentials.retirement import evidence_of
from tokens.credentials.services import retire_credential
from tokens.credentials.workloads import explain_rule
from tokens.models import Credential
from tokens.records.revocation import revoke_tokens_of_credential


def try_token(model_admin: AnyModelAdmin, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """
    Tell step by step whether a pasted token would be let in by this rule.

    The token is in no answer, no log and no table; whoever may see the rule may try one.
    """
    rules = Credential.objects.select_related("bot").filter(kind=Credential.Kind.FEDERATION)
    credential = get_object_or_404(rules, pk=pk)
    if not model_admin.has_view_permission(request, credential):
        raise PermissionDenied
    request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]  # no error report shows the token
    form = TrialForm(request.POST if request.method == "POST" else None)
    lines = None
    if form.is_valid():
        lines = explain_rule(credential, form.cleaned_data["token"].strip(), at=timezone.now())
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Try a token for {credential.bot.name}",
        "credential": credential,
        "form": TrialForm() if lines is not None else form,
        "lines": lines,
        "let_in": lines is not None and all(line.ok for line in lines),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/tokens/credential/try.html", context)


def _with_bot(credential: Credential) -> str:
    return f"{credential} of {credential.bot}"


class CredentialStateFilter(StateFilter):
    STATES: ClassVar[dict[str, Callable[[Any, datetime], QuerySet[Any]]]] = {
        "live": lambda credentials, at: credentials.live(at=at),
        "retired": lambda credentials, at: credentials.filter(retired_at__isnull=False),
    }


class CredentialEndsFilter(EndsFilter):
    stopped = "retired_at"


@admin.register(Credential)
class CredentialAdmin(RecordAdmin):
    """Read, retire, revoke what was fetched; a new secret is made on the page of its bot."""

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
    list_filter = ("kind", CredentialStateFilter, CredentialEndsFilter)
    search_fields = ("bot__name", "label", "hint")
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
        "evidence",
        "retire_after_unused_days",
        "retired_at",
        "retired_by",
    )
    readonly_fields = fields
    actions = ("retire", "revoke_tokens")

    @admin.display(description="credential")
    def label_or_hint(self, credential: Credential) -> str:
        return str(credential)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(try_token, self))
        return [path("<uuid:pk>/try", view, name="tokens_credential_try"), *super().get_urls()]

    @admin.display(description="can it go?")
    def evidence(self, credential: Credential) -> str:
        """What is known of its use, as a sentence."""
        found = evidence_of(credential.bot, at=timezone.now()).get(credential.pk)
        return found.sentence if found else "It proves nothing any more."

    @admin.display(boolean=True, description="live")
    def is_live(self, credential: Credential) -> bool:
        now = timezone.now()
        return credential.retired_at is None and (
            credential.expires_at is None or credential.expires_at > now
        )

    @admin.action(
        description="Retire (they prove nothing from now on; their tokens stay)", permissions=["act"]
    )
    @asks_first(
        "These credentials will prove nothing from now on. Tokens that were fetched with them stay. "
        "This cannot be undone.",
        named=_with_bot,
    )
    def retire(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        count = sum(
            retire_credential(credential=credential, by=Actor.of(request))
            for credential in queryset.select_related("bot")
        )
        self.message_user(request, f"Retired: {count}.", messages.SUCCESS)

    @admin.action(description="Revoke all tokens fetched with them", permissions=["act"])
    @asks_first(
        "Every token that was fetched with these credentials will be revoked at once and for good. "
        "A credential that is not retired goes on fetching new ones.",
        named=_with_bot,
    )
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        by, credentials = Actor.of(request), queryset.select_related("bot")
        count = sum(revoke_tokens_of_credential(credential=credential, by=by) for credential in credentials)
        self.message_user(request, f"Tokens revoked: {count}.", messages.SUCCESS)
