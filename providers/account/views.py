"""GET /account, and ending one's own sessions."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe

from providers.models import ConsoleSession, Identity
from providers.sessions.browser import console_session_of
from providers.sessions.services import end_session
from ssoconsole.actors import Actor


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's identities and live sessions, the newest first."""
    identities = (
        Identity.objects.filter(user_id=_person(request)).select_related("provider").order_by("created_at")
    )
    return render(request, "account.html", {"identities": identities, "sessions": sessions_of(request)})


def sessions_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The live sessions of the person behind a request, as a page shows them."""
    current = console_session_of(request)
    return [
        {
            "is_current": current is not None and session.pk == current.pk,
            "provider": session.provider.name,
            "started_at": session.started_at,
            "last_seen_at": session.last_seen_at,
            "address": session.address,
            "user_agent": session.user_agent,
            "end_url": reverse("session_end", args=[session.pk]),
        }
        for session in _own_sessions(request)
    ]


@require_POST
@csrf_protect
@login_required
def session_end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one of one's own sessions; anybody else's is not found."""
    session = get_object_or_404(_own_sessions(request), pk=session_id)
    current = console_session_of(request)
    end_session(session=session, by=Actor.of(request))
    if current is not None and session.pk == current.pk:
        request.session.flush()
        return HttpResponseRedirect(reverse("signed_out"))
    return HttpResponseRedirect(reverse("account"))


def _own_sessions(request: HttpRequest) -> QuerySet[ConsoleSession]:
    live = ConsoleSession.objects.live(at=timezone.now())
    return live.filter(user_id=_person(request)).select_related("provider")


def _person(request: HttpRequest) -> int:
    """The primary key of whom `login_required` has let through."""
    return int(request.user.pk or 0)
