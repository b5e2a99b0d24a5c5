"""The page that makes a client secret and shows it once."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from ssoconsole.actors import Actor
from ssoconsole.errors import DomainError
from tokens.admin.bot_forms import NewSecretForm
from tokens.credentials.services import add_client_secret
from tokens.models import Bot

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


def new_secret(model_admin: AnyModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """
    Ask for a label, then show the secret in the answer to that form, and nowhere else ever.

    Needs the right to change the bot and to add credentials.
    """
    bot = get_object_or_404(Bot, pk=pk)
    if not (
        model_admin.has_change_permission(request, bot) and request.user.has_perm("tokens.add_credential")
    ):
        raise PermissionDenied
    form = NewSecretForm(request.POST or None)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"New secret for {bot.name}",
        "bot": bot,
        "form": form,
        "opts": model_admin.opts,
    }
    if request.method == "POST" and form.is_valid():
        try:
            credential, client_secret = add_client_secret(
                bot=bot,
                label=form.cleaned_data["label"],
                expires_at=form.cleaned_data["expires_at"],
                retire_after_unused_days=form.cleaned_data["retire_after_unused_days"],
                by=Actor.of(request),
            )
            context.update(credential=credential, client_secret=client_secret)
        except DomainError as error:
            form.add_error(None, error.message)
    response = TemplateResponse(request, "admin/tokens/bot/new_secret.html", context)
    response["Cache-Control"] = "no-store"
    return response
