"""The pages that register a bot's keys and let a workload in."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import AnyModelAdmin
from ssoconsole.platform.errors import DomainError
from tokens.admin.bot_forms import NewFederationForm, NewKeysForm
from tokens.credentials.keyless import add_federation, set_public_keys
from tokens.models import Bot
from tokens.protocol.federation import caution_about_rule

Save = Callable[[Bot, Any, Actor], object]


def new_keys(model_admin: AnyModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Register public keys in place of those there were. Needs the right to change the bot and add credentials."""
    text = "Keys of the bot's own. They replace the keys that are registered now; secrets and rules stay."
    return _page(model_admin, request, pk, form_class=NewKeysForm, save=_save_keys, named="Keys", text=text)


def new_federation(model_admin: AnyModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Trust one workload more. Needs the same rights."""
    text = "A workload comes in with the token that its platform gives it, and needs no secret."
    return _page(
        model_admin, request, pk, form_class=NewFederationForm, save=_save_rule, named="Workload", text=text
    )


def _save_keys(bot: Bot, form: NewKeysForm, by: Actor) -> None:
    data = form.cleaned_data
    set_public_keys(bot=bot, jwks=data["jwks"], jwks_uri=data["jwks_uri"], by=by)


def _save_rule(bot: Bot, form: NewFederationForm, by: Actor) -> None:
    data = form.cleaned_data
    add_federation(bot=bot, rule=form.rule, jwks=data["jwks"], jwks_uri=data["jwks_uri"], by=by)


def _page(
    model_admin: AnyModelAdmin,
    request: HttpRequest,
    pk: int,
    *,
    form_class: type[forms.Form],
    save: Save,
    named: str,
    text: str,
) -> HttpResponse:
    bot = get_object_or_404(Bot, pk=pk)
    if not (
        model_admin.has_change_permission(request, bot) and request.user.has_perm("tokens.add_credential")
    ):
        raise PermissionDenied
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            save(bot, form, Actor.of(request))
        except DomainError as error:
            form.add_error(None, f"{error.message} {error.received}".strip())
        else:
            messages.success(request, f"{named} of {bot.name}: registered.")
            if caution := caution_about_rule(getattr(form, "rule", None)):
                messages.warning(request, caution)
            return redirect("admin:tokens_bot_change", bot.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{named} of {bot.name}",
        "text": text,
        "bot": bot,
        "form": form,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/tokens/bot/new_credential.html", context)
