"""The start page."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from providers.sessions.services import console_session_of
from providers.signin.chooser import signin
from ssoconsole.console.home import overview


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
        "groups": overview.groups_of(user),
        "session_count": overview.live_sessions_of(user, at=now),
        "areas": overview.areas_for(user, at=now),
        **overview.bots_of(user),
    }
    return render(request, "home.html", context)
