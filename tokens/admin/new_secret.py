"""The page that makes a client secret and shows it once."""

import json
import re
import shlex
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from ssoconsole.platform.accounts.shown_once import keep_for_one_look, look_once
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from tokens.admin.bot_forms import NewSecretForm
from tokens.admin.snippets import SNIPPETS
from tokens.credentials.services import add_client_secret
from tokens.models import Bot, Credential

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


def snippets_for(bot: Bot) -> list[tuple[str, str]]:
    """
    Return how programs fetch a token as `bot`, by where they run; the secret itself stands in none of them.

    The audience is that of the bot's first grant.
    """
    grant = bot.grants.select_related("audience").order_by("audience__identifier").first()
    audience = grant.audience.identifier if grant else "https://api.example"
    values = {
        "base": settings.BASE_URL,
        "bot": bot.name,
        # Whoever may name an audience must not write into the shell or the program of whoever copies this.
        "for_shell": shlex.quote(f"resource={audience}"),
        "quoted": json.dumps(audience),
        "kubernetes_name": re.sub(r"[^a-z0-9]+", "-", bot.name.lower()).strip("-"),
    }
    return [(title, text.format(**values)) for title, text in SNIPPETS.items()]


def new_secret(
    model_admin: AnyModelAdmin, request: HttpRequest, pk: int, made: uuid.UUID | None = None
) -> HttpResponse:
    """
    Ask for a label, then lead to the page that shows the secret, `made`, at the first look and never again.

    Needs the right to change the bot and to add credentials.
    """
    bot = get_object_or_404(Bot, pk=pk)
    if not (
        model_admin.has_change_permission(request, bot) and request.user.has_perm("tokens.add_credential")
    ):
        raise PermissionDenied
    form = NewSecretForm(None if made else request.POST or None)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"New secret for {bot.name}",
        "bot": bot,
        "form": form,
        "opts": model_admin.opts,
    }
    if made and request.method == "GET":
        seen = look_once(request, made, about=Credential)
        context["gone"] = seen is None
        if seen:
            context.update(
                client_secret=seen[0],
                credential=get_object_or_404(Credential, pk=seen[1], bot=bot),
                snippets=snippets_for(bot),
            )
    elif form.is_valid():
        try:
            with transaction.atomic():
                credential, client_secret = add_client_secret(bot=bot, by=Actor.of(request), **form.asked())
                made = keep_for_one_look(request, client_secret, about=credential)
            return redirect("admin:tokens_bot_new_secret_made", bot.pk, made)
        except DomainError as error:
            form.add_error(None, error.message)
    response = TemplateResponse(request, "admin/tokens/bot/new_secret.html", context)
    response["Cache-Control"] = "no-store"
    return response
