"""
The start page: the sign-in page to a stranger; to everybody else what is theirs, and the console's state to those who
administer it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from providers.models import ConsoleSession, Provider, SignInAttempt
from providers.sessions.services import console_session_of
from providers.signin.chooser import signin
from ssoconsole.console import branding
from ssoconsole.console.languages import choose_language
from ssoconsole.platform.accounts.models import User
from tokens.models import Bot, SigningKey

BOTS_SHOWN = 50
COUNTED = 100  # a table that grows with traffic is counted no further than this


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the administration: where it is, and one line on how it stands."""

    label: str
    url: str
    summary: str


def groups_of(user: User) -> list[str]:
    return list(user.groups.order_by("name").values_list("name", flat=True))


def live_sessions_of(user: User, *, at: datetime) -> int:
    return ConsoleSession.objects.live(at=at).filter(user=user).count()


def bots_of(user: User) -> dict[str, Any]:
    """`bots`: the first ones this person owns, by name; `more_bots`: whether there are others."""
    bots = list(Bot.objects.owned_by(user).order_by("name")[: BOTS_SHOWN + 1])
    return {"bots": bots[:BOTS_SHOWN], "more_bots": len(bots) > BOTS_SHOWN}


def areas_for(user: User, *, at: datetime) -> list[Area]:
    """The areas this person may open; empty for whoever does not administer."""
    if not user.is_staff:
        return []
    every: list[tuple[str, str, str, Callable[[datetime], str]]] = [
        ("providers", "provider", "Identity providers", _providers),
        ("providers", "signinattempt", "Sign-in attempts", _refused_sign_ins),
        ("tokens", "bot", "Bots", _bots),
        ("tokens", "signingkey", "Signing keys", _signing_keys),
        ("accounts", "user", "People", lambda at: "Who has an account, and in which groups"),
        ("eventlog", "event", "Event log", lambda at: "Who did what, and from where"),
    ]
    return [
        Area(label, reverse(f"admin:{app}_{model}_changelist"), summary(at))
        for app, model, label, summary in every
        if user.has_perm(f"{app}.view_{model}")
    ]


def _providers(at: datetime) -> str:
    return _enabled_of(
        Provider.objects.aggregate(all=Count("pk"), enabled=Count("pk", filter=Q(enabled=True)))
    )


def _bots(at: datetime) -> str:
    return _enabled_of(
        Bot.objects.aggregate(all=Count("pk"), enabled=Count("pk", filter=Q(disabled_at=None)))
    )


def _signing_keys(at: datetime) -> str:
    algorithms = sorted(SigningKey.objects.signing().values_list("alg", flat=True))
    return f"Signing with {', '.join(algorithms)}" if algorithms else "No key is signing"


def _refused_sign_ins(at: datetime) -> str:
    refused = SignInAttempt.objects.filter(started_at__gte=at - timedelta(days=1)).exclude(
        outcome__in=("", "ok")
    )
    return f"{_counted(refused)} refused in the last 24 hours"


def _enabled_of(numbers: dict[str, int]) -> str:
    return f"{numbers['enabled']} of {numbers['all']} enabled" if numbers["all"] else "None yet"


def _counted(rows: QuerySet[Any]) -> str:
    """The number of rows, or that there are more than anybody wants to know exactly."""
    number = rows.order_by()[: COUNTED + 1].count()
    return f"more than {COUNTED}" if number > COUNTED else str(number)


@login_not_required
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Show the sign-in page to whoever is signed out, and to everybody else what is theirs."""
    user = request.user
    if not user.is_authenticated:
        return signin(request)
    session = console_session_of(request)
    now = timezone.now()
    context = {
        "provider": session.provider if session else None,
        "groups": groups_of(user),
        "session_count": live_sessions_of(user, at=now),
        "areas": areas_for(user, at=now),
        **bots_of(user),
    }
    return render(request, "home.html", context)


urlpatterns = [
    path("", home, name="home"),
    path("language", choose_language, name="language"),
    path("brand/logo", branding.logo, name="brand_logo"),
    path("brand/colours.css", branding.colours, name="brand_colours"),
]
