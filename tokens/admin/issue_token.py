"""The page that issues a token to a bot by hand and shows it once."""

import uuid
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ssoconsole.platform.accounts.shown_once import keep_for_one_look, look_once
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import AnyModelAdmin
from ssoconsole.platform.errors import DomainError
from tokens.admin.records import LinesField
from tokens.bots.grants import grants_of
from tokens.models import Audience, Bot, TokenRecord
from tokens.protocol.access_token import WORDS, shown_lifetime
from tokens.records.services import issue_token

UNLIMITED = "Unlimited"


class IssueTokenForm(forms.Form):
    """What is asked for; whether the bot may have it is for the service to judge."""

    audience = forms.ChoiceField(label=_("Audience"))
    scopes = LinesField(label=_("Scopes"), help_text=_("One a line; empty for all that are granted."))
    lifetime = forms.ChoiceField(required=False, label=_("Lifetime"))
    label = forms.CharField(
        max_length=100, required=False, label=_("Label"), help_text=_("Where it will be used.")
    )
    no_end = forms.BooleanField(
        required=False,
        label=_("I know that a token without an end counts until somebody revokes it"),
    )

    def __init__(self, bot: Bot, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audiences = {str(grant.audience_id): grant.audience for grant in grants_of(bot)}
        self._offer("audience", [(pk, f"{a.name} ({a})") for pk, a in self.audiences.items()])
        words = [word for word in WORDS if any(_allows(a, word) for a in self.audiences.values())]
        offered = [(word, gettext(shown_lifetime(word))) for word in words]
        self._offer("lifetime", [("", gettext("As usual at this audience")), *offered])
        if UNLIMITED not in words:
            del self.fields["no_end"]

    def clean(self) -> None:
        super().clean()
        unlimited = self.cleaned_data.get("lifetime") == UNLIMITED
        if unlimited and not self.cleaned_data.get("no_end"):
            self.add_error("no_end", gettext("Say that this is meant, or choose another lifetime."))

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def asked(self) -> dict[str, Any]:
        """What the service wants to know."""
        data = self.cleaned_data
        audience, word = self.audiences[data["audience"]], data["lifetime"]
        return {
            "audience": audience,
            "scopes": data["scopes"] or None,
            "lifetime": WORDS[word] if word else timedelta(seconds=audience.token_lifetime),
            "label": data["label"],
        }


def issue_token_page(
    model_admin: AnyModelAdmin, request: HttpRequest, pk: int, made: uuid.UUID | None = None
) -> HttpResponse:
    """
    Ask what for and how long, then lead to the page that shows the token, `made`, at the first look and never again.

    Needs the right to change the bot and to add token records.
    """
    bot = get_object_or_404(Bot, pk=pk)
    if not (
        model_admin.has_change_permission(request, bot) and request.user.has_perm("tokens.add_tokenrecord")
    ):
        raise PermissionDenied
    form = IssueTokenForm(bot, None if made else request.POST or None)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Issue a token to {bot.name}",
        "bot": bot,
        "form": form,
        "opts": model_admin.opts,
    }
    if made and request.method == "GET":
        seen = look_once(request, made, about=TokenRecord)
        context["gone"] = seen is None
        if seen:
            record = get_object_or_404(TokenRecord.objects.select_related("audience"), pk=seen[1], bot=bot)
            context.update(token=seen[0], record=record, facts=_facts_of(record))
    elif form.is_valid():
        try:
            with transaction.atomic():
                record, token = issue_token(bot=bot, by=Actor.of(request), **form.asked())
                made = keep_for_one_look(request, token, about=record)
            return redirect("admin:tokens_bot_new_token_made", bot.pk, made)
        except DomainError as error:
            form.add_error(None, " ".join(filter(None, [error.message, error.expected])))
    response = TemplateResponse(request, "admin/tokens/bot/issue_token.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _allows(audience: Audience, word: str) -> bool:
    longest, lifetime = audience.max_token_lifetime, WORDS[word]
    return longest is None or (lifetime is not None and lifetime.total_seconds() <= longest)


def _facts_of(record: TokenRecord) -> list[tuple[str, str]]:
    return [
        ("Audience", record.audience.identifier),
        ("Scopes", " ".join(record.scopes) or "none"),
        ("Label", record.label or "none"),
        ("jti", record.jti),
        ("Expires", f"{record.expires_at:%Y-%m-%d %H:%M:%S} UTC" if record.expires_at else "never"),
    ]
