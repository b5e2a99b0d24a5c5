"""
The page that makes a client secret and shows it once, with what programs do to fetch a token, ready to be pasted.

In that, braces are filled in, quoted for where they stand.
"""

import json
import re
import shlex
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from ssoconsole.platform.accounts.shown_once import keep_for_one_look, look_once
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import AnyModelAdmin, may_view
from ssoconsole.platform.errors import DomainError
from tokens.admin.bot_forms import NewSecretForm
from tokens.credentials.services import add_client_secret
from tokens.models import Bot, Credential

SNIPPETS = {
    "curl": """\
read -rs BOT_CLIENT_SECRET   # paste the secret
curl -s {base}/oauth/token -u "{bot}:$BOT_CLIENT_SECRET" \\
  -d grant_type=client_credentials -d {for_shell}
""",
    "Python": """\
import pathlib

import requests

answer = requests.post(
    "{base}/oauth/token",
    auth=("{bot}", pathlib.Path("bot-client-secret").read_text().strip()),
    data={{"grant_type": "client_credentials", "resource": {quoted}}},
    timeout=10,
)
answer.raise_for_status()
token = answer.json()["access_token"]
""",
    "GitHub Actions": """\
# gh secret set BOT_CLIENT_SECRET    asks for the secret
- name: Fetch a token
  env:
    BOT_CLIENT_SECRET: ${{{{ secrets.BOT_CLIENT_SECRET }}}}
  run: |
    TOKEN=$(curl -sf {base}/oauth/token -u "{bot}:$BOT_CLIENT_SECRET" \\
      -d grant_type=client_credentials -d {for_shell} | jq -r .access_token)
    echo "::add-mask::$TOKEN"
    echo "TOKEN=$TOKEN" >> "$GITHUB_ENV"
""",
    "Kubernetes": """\
# kubectl create secret generic {kubernetes_name} --from-file=client-secret=/dev/stdin    reads the secret
env:
  - name: BOT_CLIENT_SECRET
    valueFrom:
      secretKeyRef: {{name: {kubernetes_name}, key: client-secret}}
  - {{name: TOKEN_URL, value: "{base}/oauth/token"}}
  - {{name: RESOURCE, value: {quoted}}}
""",
    "OpenMetadata ingestion": """\
# The ingestion takes a token, not the secret; fetch one before each run, as with curl.
workflowConfig:
  openMetadataServerConfig:
    hostPort: {quoted}  # followed by /api
    authProvider: openmetadata
    securityConfig:
      jwtToken: ${{TOKEN}}
""",
}


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


def told_use(credentials: QuerySet[Credential], *, pk: uuid.UUID, with_address: bool) -> JsonResponse:
    """
    Tell when one of these credentials was last used, and from where to who may know that: in one statement.

    Of the credential itself it tells nothing. Raises Http404 where it is none of them.
    """
    told = ["last_used_at", *(["last_used_from"] if with_address else [])]
    use = credentials.filter(pk=pk).values(*told).first()
    if use is None:
        raise Http404
    return JsonResponse(use, headers={"Cache-Control": "no-store"})


def use_of_credential(
    model_admin: AnyModelAdmin, request: HttpRequest, pk: int, which: uuid.UUID
) -> HttpResponse:
    """What the page of a new secret asks while it waits: the time is for who may see the bot, as in its list."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    return told_use(Credential.objects.filter(bot=pk), pk=which, with_address=may_view(Credential, request))


def _page_that_tells_use(bot: Bot, request: HttpRequest) -> str:
    """The page of the bot, with its credentials; for who may not view those, its line in the list of bots."""
    if may_view(Credential, request):
        return reverse("admin:tokens_bot_change", args=[bot.pk], fragment="credentials")
    return reverse("admin:tokens_bot_changelist", query={"q": bot.name})


def form_of_rotated(bot: Bot, request: HttpRequest) -> dict[str, Any]:
    """
    Return what the form of a new secret begins with: as that of the live secret which `?rotates=` names had it.

    The scopes and networks are the bot's own, and the end is that of any new secret. Raises Http404 where it names
    none.
    """
    which = request.GET.get("rotates")
    if which is None:
        return {}
    secrets = Credential.objects.client_secrets().live(at=timezone.now()).filter(bot=bot)
    try:
        found = secrets.filter(pk=which).values("label", "retire_after_unused_days").first()
    except ValidationError:  # no key at all
        found = None
    if found is None:
        raise Http404
    return dict(found)


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
    rotates = form_of_rotated(bot, request) if may_view(Credential, request) else {}
    form = NewSecretForm(None if made else request.POST or None, initial=rotates)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Rotate a secret of {bot.name}" if rotates else f"New secret for {bot.name}",
        "rotates": rotates,
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
                look_again=_page_that_tells_use(bot, request),
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
