"""
/bots/<name>: what the person who answers for a bot can do about it, without being an administrator.

A name has no slash, and is looked up as it stands.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.shown_once import keep_for_one_look, look_once
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from tokens.admin.bot_forms import NewSecretForm
from tokens.admin.issue_token import IssueTokenForm
from tokens.admin.new_secret import form_of_rotated, snippets_for, told_use
from tokens.bots.grants import administers, grants_of
from tokens.credentials.retirement import evidence_of, rotation_of
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Bot, Credential, TokenRecord, TokenRefusal
from tokens.records.revocation import revoke_token, revoke_tokens_of_bot
from tokens.records.services import issue_token
from tokens.refusals.meanings import meaning_of

# Of each list on the page, the newest.
SHOWN = 20
# A person makes secrets by hand: whoever has as many has lost count of them.
MOST_LIVE_SECRETS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
@never_cache
@login_required
def my_bot(request: HttpRequest, name: str) -> HttpResponse:
    """
    Show a bot to its owner, and do what `do` of a form asks for: within the grants that administrators gave it.

    A bot that administers the console is a superuser's to handle: its owner sees it, and the services refuse the rest.
    """
    bot = _own_bot(request, name)
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    rotates = form_of_rotated(bot, request)
    secret_form = NewSecretForm(
        request.POST if asked == "make-secret" else None, auto_id="secret_%s", initial=rotates
    )
    token_form = IssueTokenForm(bot, request.POST if asked == "issue-token" else None, auto_id="token_%s")
    if asked and asked not in DEEDS:
        raise Http404
    if asked:
        form = {"make-secret": secret_form, "issue-token": token_form}.get(asked)
        try:
            if form is None or form.is_valid():
                return DEEDS[asked](request, bot, form)
        except ValidationError as error:
            _tell(request, form, " ".join(error.messages))
        except DomainError as error:
            more = error.expected if get_language() == "en" else ""  # which only English says
            _tell(request, form, f"{gettext(error.message)} {more or ''}".strip())
    deed = asked or ("make-secret" if rotates else "")
    return render(
        request,
        "my_bot.html",
        {**_shown(bot), "secret_form": secret_form, "token_form": token_form, "deed": deed},
        status=400 if asked else 200,
    )


@require_safe
@never_cache
@login_required
def my_bot_made(request: HttpRequest, name: str, made: uuid.UUID) -> HttpResponse:
    """Show a new secret or token, at the first look and never again."""
    bot = _own_bot(request, name)
    context: dict[str, Any] = {"gone": True}
    for kind, model in (("secret", Credential), ("token", TokenRecord)):
        # A look at the page's head is none.
        if request.method == "GET" and (seen := look_once(request, made, about=model)):
            about: Any = get_object_or_404(model, pk=seen[1], bot=bot)
            context = {"value": seen[0], "kind": kind, "expires_at": about.expires_at, "label": about.label}
            if kind == "secret":
                context |= {"snippets": snippets_for(bot), "credential": about}
            break
    return render(request, "my_bot_made.html", {"bot": bot, **context})


@require_safe
@login_required
def my_bot_use(request: HttpRequest, name: str, which: uuid.UUID) -> HttpResponse:
    """What the page of a new secret asks while it waits for the first call."""
    if not isinstance(request.user, User):
        raise Http404
    own = Bot.objects.owned_by(request.user).filter(name=name)
    return told_use(Credential.objects.filter(bot__in=own), pk=which, with_address=True)


def _own_bot(request: HttpRequest, name: str, *, held: bool = False) -> Bot:
    """The bot of this name, if it was given to the person behind the request; to everybody else there is none."""
    if not isinstance(request.user, User):
        raise Http404
    bots = Bot.objects.select_for_update(no_key=True) if held else Bot.objects.all()
    return get_object_or_404(bots.owned_by(request.user), name=name)


def _tell(request: HttpRequest, form: forms.Form | None, problem: str) -> None:
    if form is None:
        messages.error(request, problem)
    else:
        form.add_error(None, problem)


def _make_secret(request: HttpRequest, bot: Bot, form: Any) -> HttpResponse:
    with transaction.atomic():
        # Counted by one request at a time. The bot may have been given away, or retired, a moment ago.
        bot = _own_bot(request, bot.name, held=True)
        live = Credential.objects.client_secrets().live(at=timezone.now()).filter(bot=bot)
        if live.count() >= MOST_LIVE_SECRETS:
            raise ValidationError(
                gettext("The bot has %(count)s secrets that work. Retire some of them first.")
                % {"count": MOST_LIVE_SECRETS}
            )
        credential, client_secret = add_client_secret(bot=bot, by=Actor.of(request), **form.asked())
        made = keep_for_one_look(request, client_secret, about=credential)
    return redirect("my_bot_made", bot.name, made)


def _issue_token(request: HttpRequest, bot: Bot, form: Any) -> HttpResponse:
    with transaction.atomic():
        record, token = issue_token(bot=bot, by=Actor.of(request), **form.asked())
        made = keep_for_one_look(request, token, about=record)
    return redirect("my_bot_made", bot.name, made)


def _retire_secret(request: HttpRequest, bot: Bot, form: None) -> HttpResponse:
    credential = _one_of(Credential, bot, request)
    if retire_credential(credential=credential, by=Actor.of(request)):
        told = gettext("%(secret)s is retired, and gets no token any more.")
        messages.success(request, told % {"secret": credential.label or credential.hint})
    return redirect("my_bot", bot.name)


def _revoke_token(request: HttpRequest, bot: Bot, form: None) -> HttpResponse:
    record = _one_of(TokenRecord, bot, request)
    if revoke_token(record=record, by=Actor.of(request)):
        messages.success(request, gettext("The token %(jti)s is revoked.") % {"jti": record.jti})
    return redirect("my_bot", bot.name)


def _revoke_all(request: HttpRequest, bot: Bot, form: None) -> HttpResponse:
    count = revoke_tokens_of_bot(bot=bot, by=Actor.of(request))
    messages.success(request, gettext("Tokens revoked: %(count)s.") % {"count": count})
    return redirect("my_bot", bot.name)


DEEDS: dict[str, Callable[[HttpRequest, Bot, Any], HttpResponse]] = {
    "make-secret": _make_secret,
    "retire-secret": _retire_secret,
    "issue-token": _issue_token,
    "revoke-token": _revoke_token,
    "revoke-all": _revoke_all,
}


def _one_of(model: Any, bot: Bot, request: HttpRequest) -> Any:
    """The row that the form names, if it is this bot's."""
    try:
        return get_object_or_404(
            model.objects.select_related("bot"), pk=request.POST.get("which", ""), bot=bot
        )
    except (ValueError, ValidationError):  # no key of this model at all
        raise Http404 from None


def _shown(bot: Bot) -> dict[str, Any]:
    now = timezone.now()
    evidence = evidence_of(bot, at=now)
    credentials = list(Credential.objects.live(at=now).filter(bot=bot).order_by("-created_at"))
    # Whatever became of them: the newest that still count might be at the end of millions.
    records = (
        TokenRecord.objects.filter(bot=bot)
        .select_related("audience", "revocation")
        .order_by("-number")[:SHOWN]
    )
    refusals = TokenRefusal.objects.filter(unverified_client_id=bot.name).order_by("-at")
    return {
        "bot": bot,
        "grants": grants_of(bot),
        "administers": administers(bot),
        "secrets": [(each, evidence.get(each.pk)) for each in credentials],
        "rotation": rotation_of(credentials, evidence, at=now),
        "records": [(each, each.expires_at is not None and each.expires_at <= now) for each in records],
        "refusals": [(each, meaning_of(each.code)) for each in refusals[:SHOWN]],
        "shown": SHOWN,
    }


urlpatterns = [
    path("bots/<str:name>", my_bot, name="my_bot"),
    path("bots/<str:name>/made/<uuid:made>", my_bot_made, name="my_bot_made"),
    path("bots/<str:name>/use-of/<uuid:which>", my_bot_use, name="my_bot_use"),
]
