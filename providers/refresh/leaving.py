"""Leaving for the provider with `prompt=none`: is the person still signed in there? (Core 1.0 section 3.1.2.1)"""

from django.http import HttpRequest, HttpResponse

from providers.metadata.services import ensure_discovery
from providers.models import ConsoleSession, SignInAttempt
from providers.sessions.navigation import comes_from_here
from providers.signin.leaving import leave
from providers.signin.limits import count_sign_in
from providers.signin.redirects import lead_on_instead, local_target


def leave_for_check(request: HttpRequest, session: ConsoleSession) -> HttpResponse:
    """
    Send the browser to the provider of its session. Raises a SignInRefused when that cannot be done.

    It has no address of its own, so that nobody can send a browser here from another site before its check is due.
    """
    next_url = local_target(request.get_full_path())
    count_sign_in(request)
    provider = session.provider
    ensure_discovery(provider)
    # An answer without a question to the person. A max age would demand one as soon as it is over.
    silent = {"prompt": "none", "max_age": None, "id_token_hint": session.id_token_hint}
    purpose = SignInAttempt.Purpose.REFRESH
    response = leave(request, provider, next_url, purpose=purpose, session=session, more=silent)
    if comes_from_here(request):
        response = lead_on_instead(request, response, name=provider.name)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
