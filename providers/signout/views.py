"""POST /signout and GET /signed-out."""

import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe

from providers.models import ConsoleSession
from providers.sessions.services import console_session_of, end_session, set_console_session
from providers.signin.cookies import stay_here
from providers.signin.redirects import add_query, lead_on
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.http.methods import only_post


@only_post
@csrf_protect
def signout(request: HttpRequest) -> HttpResponse:
    """
    End this browser's session, then lead on to the provider's own sign-out where there is one.

    That way leads over a page and not a redirect: with `form-action 'self'` a browser silently blocks a form
    whose answer redirects to another origin.
    """
    session = console_session_of(request)
    hop = _provider_signout(session) if session else None
    if session:
        end_session(session=session, by=Actor.of(request))
        set_console_session(request, None)
    request.session.flush()
    if hop is None or session is None:
        return HttpResponseRedirect(reverse("signed_out"))
    return lead_on(request, hop, name=session.provider.name)


@require_safe
@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that it is done. Whatever `state` a provider brings back, or none, nothing is decided by it."""
    return stay_here(render(request, "signed_out.html", {}))


def _provider_signout(session: ConsoleSession) -> str | None:
    """
    Return the logout request (OpenID Connect RP-Initiated Logout 1.0 section 2), if the provider takes any.
    """
    endpoint = session.provider.endpoint("end_session_endpoint")
    if endpoint is None:
        return None
    ours = {
        "client_id": session.provider.client_id,
        "post_logout_redirect_uri": f"{settings.BASE_URL}{reverse('signed_out')}",
    }
    params = ours | {
        # What some providers want beside the standard's; one after the other, for no value is a pattern.
        name: text.replace("{client_id}", ours["client_id"]).replace(
            "{post_logout_redirect_uri}", ours["post_logout_redirect_uri"]
        )
        for name, text in session.provider.signout_params.items()
    }
    params["state"] = secrets.token_urlsafe(16)
    if hint := session.id_token_hint:
        params["id_token_hint"] = hint
    return add_query(endpoint, urlencode(params))
