"""
The one box of the admin, GET and POST /admin/search: from whatever somebody has in hand to the page it belongs to.

A name is told from what was pasted and may be a secret. It is looked for kind by kind, by an exact value or a beginning
that an index has, and no more is read than is shown.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from providers.explanations.searching import claimed_by
from providers.models import Identity, Provider, SignInAttempt
from ssoconsole.console.doctor import examination
from ssoconsole.console.refusals import find_refusal
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.admin_base import may_view
from ssoconsole.platform.keyset.filters import beginning_with, in_any_case
from tokens.api.authentication import is_administrator
from tokens.models import Bot, TokenRecord, TokenRefusal
from tokens.protocol.client_authentication import PREFIX
from tokens.protocol.examination.text import read_unverified

SHOWN = 10
MOST = SHOWN + 1


@dataclass(frozen=True)
class Hit:
    name: str
    detail: str
    url: str


@dataclass(frozen=True)
class Group:
    """What was found of one kind; `more` leads to the search of its list where not everything is shown."""

    title: str
    hits: list[Hit]
    more: str = ""


@dataclass(frozen=True)
class Kind:
    """
    `find` yields rows, the likeliest first; it is given the request for what else the person may see.

    `detail` is what stands beside the name.
    """

    model: type[Model]
    find: Callable[[str, HttpRequest], Iterable[Any]]
    detail: Callable[[Any], str]


def find_groups(text: str, *, request: HttpRequest) -> list[Group]:
    """
    Return what `text` names of every kind that the person of this request may see.

    For what he may not see nothing is asked of the database, so that the time tells nothing either.
    """
    groups = []
    for kind in KINDS:
        if not may_view(kind.model, request):
            continue
        rows = list(islice(_distinct(kind.find(text, request)), SHOWN + 1))
        if rows:
            groups.append(_group(kind, rows, text))
    return groups


def _distinct(rows: Iterable[Any]) -> Iterable[Any]:
    seen = set()
    for row in rows:
        if row.pk not in seen:
            seen.add(row.pk)
            yield row


def _group(kind: Kind, rows: list[Any], text: str) -> Group:
    meta = kind.model._meta
    name = f"admin:{meta.app_label}_{meta.model_name}"
    hits = [Hit(str(row), kind.detail(row), reverse(f"{name}_change", args=[row.pk])) for row in rows[:SHOWN]]
    more = reverse(f"{name}_changelist", query={"q": text}) if len(rows) > SHOWN else ""
    return Group(str(meta.verbose_name_plural).capitalize(), hits, more)


def _people(text: str, request: HttpRequest) -> Iterable[User]:
    users = User.objects.order_by()
    yield from in_any_case(users, "username", text)[:MOST]
    yield from in_any_case(users, "email", text)[:MOST]
    if may_view(Identity, request):
        # By the provider first, as the index begins with it.
        subjects = Identity.objects.filter(
            provider__in=list(Provider.objects.values_list("pk", flat=True)), sub=text
        )
        yield from users.filter(pk__in=list(subjects.order_by().values_list("user", flat=True)[:MOST]))
    yield from beginning_with(users, "username", text)[:MOST]


def _bots(text: str, request: HttpRequest) -> Iterable[Bot]:
    bots = Bot.objects.order_by()
    return chain(in_any_case(bots, "name", text)[:MOST], beginning_with(bots, "name", text)[:MOST])


def _providers(text: str, request: HttpRequest) -> Iterable[Provider]:
    """Somebody has registered each of them by hand: they are few, and read through as by their list."""
    fields = ("slug", "name", "issuer", "client_id")
    likes = Q()
    for field in fields:
        likes |= Q(**{f"{field}__icontains": text})
    return Provider.objects.filter(likes).only(*fields, "order")[:MOST]


def _tokens(text: str, request: HttpRequest) -> Iterable[TokenRecord]:
    return TokenRecord.objects.filter(jti=text).select_related("bot", "audience")


def _attempts(text: str, request: HttpRequest) -> Iterable[SignInAttempt]:
    """Refused ones whose claims have called somebody so."""
    attempts = SignInAttempt.objects.filter(pk__in=claimed_by(text, most=MOST))
    return attempts.only("reference", "outcome", "started_at")


def _refusals(text: str, request: HttpRequest) -> Iterable[TokenRefusal]:
    """Of a client ID that nobody has; a bot's page leads to its own."""
    if may_view(Bot, request) and Bot.objects.filter(name=text).exists():
        return TokenRefusal.objects.none()
    refusals = TokenRefusal.objects.filter(unverified_client_id=text).order_by("-at")
    return refusals.only("reference", "code", "at")[:MOST]


def _detail_of_attempt(attempt: SignInAttempt) -> str:
    return f"{attempt.outcome}, {attempt.started_at:%Y-%m-%d %H:%M} UTC"


KINDS = (
    Kind(User, _people, lambda user: ", ".join(filter(None, (user.name, user.email)))),
    Kind(Bot, _bots, lambda bot: bot.description),
    Kind(Provider, _providers, lambda provider: f"{provider.issuer}, client ID {provider.client_id}"),
    Kind(TokenRecord, _tokens, lambda record: f"of {record.bot} for {record.audience}"),
    Kind(SignInAttempt, _attempts, _detail_of_attempt),
    Kind(TokenRefusal, _refusals, lambda refusal: f"{refusal.code}, {refusal.at:%Y-%m-%d %H:%M} UTC"),
)

# Characters; the longest that is looked up are issuers.
LONGEST = 512

# The header of a JWT is a JSON object, in base64url; before it stands what is copied along. An address has an @.
_TOKEN = re.compile(
    r"(?i)\W{0,20}(?:authorization\W{1,5})?(?:bearer\W{1,5})?(?:ey[A-Za-z0-9]|ewo)[\w-]{16,}[^@]*"
)


def is_for_the_doctor(text: str) -> bool:
    """
    Tell whether a text is, or should be, a token or a secret: it is explained, never looked up and never shown.

    What is longer than any name is taken for one too.
    """
    if len(text) > LONGEST or text.startswith(PREFIX):
        return True
    return _TOKEN.fullmatch(text) is not None or read_unverified(text).header is not None


@sensitive_post_parameters("q")
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """
    Lead on to the one page that fits, show what fits by kind, or hand what may be a token to the token doctor.

    What is looked for comes by POST and stands in no address. A token is in no answer either.
    """
    # Neither NUL nor half a surrogate pair, which a form in another charset can have, is in any column.
    typed = request.POST.get("q", "").replace("\0", "").encode("utf-8", "replace").decode().strip()
    pasted = is_for_the_doctor(typed)
    if pasted and is_administrator(request.user):
        return examination(request, typed)
    groups = []
    if typed and not pasted:
        if found := find_refusal(typed, user=request.user):
            return HttpResponseRedirect(found.url)
        groups = find_groups(typed, request=request)
        if len(groups) == 1 and len(groups[0].hits) == 1:
            return HttpResponseRedirect(groups[0].hits[0].url)
    context = {
        **admin.site.each_context(request),
        "title": "Find anything",
        "groups": groups,
        "looked_for": "" if pasted else typed,
        "pasted": pasted,
    }
    return render(request, "admin/search.html", context)
