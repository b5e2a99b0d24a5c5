"""
What a registration demands of the authentication, to enter and to administer, and the step up to the latter.

A session that does not meet `admin_required_acr` and `admin_required_amr` is a person's like any other, whatever rights
the user has: they are withheld for the request, at every door at once. On the way into the admin the browser is sent to
the provider once more, and asked for more (RFC 9470). Only a page that a person opens is sent there, not a form or a
script; the request's Fetch Metadata headers tell which it is.
"""

from collections.abc import Mapping
from copy import copy
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from providers.errors import InsufficientAuthentication
from providers.models import ConsoleSession, Provider
from providers.protocol.id_token import check_authentication_context
from ssoconsole.platform.http.doors import API, answer_in_form

# What must work for everybody at any time, or is part of signing in and out itself: checking it would go in circles.
EXEMPT = ("callback", "signin", "signout", "signed-out", "backchannel-logout", "healthz", "readyz", "metrics")
EXEMPT_TREES = ("/.well-known/", "/oauth/", "/providers/")
PARAMETER = "step_up"
ADMIN = "/admin/"
# The password door, and what every page of the admin loads.
OPEN = (f"{ADMIN}login", f"{ADMIN}logout", f"{ADMIN}jsi18n")
OPEN_API = f"{API}v1/system/"  # documents for everybody
DETAIL = "This wants a stronger authentication than that of your session. Open the admin to step up."


def is_exempt(request: HttpRequest) -> bool:
    """Tell whether a session is not checked at this path."""
    path = request.path
    first = path.lstrip("/").partition("/")[0]
    return first in EXEMPT or path.startswith((*EXEMPT_TREES, str(settings.STATIC_URL)))


def is_navigation(request: HttpRequest) -> bool:
    """
    Tell whether the answer becomes the page in the window, and asking for it again changes nothing.

    Browsers say so; where one does not, whoever wants HTML is taken for a window.
    """
    if request.method not in ("GET", "HEAD"):
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is None:
        return wants_page(request)
    return mode == "navigate" and request.headers.get("Sec-Fetch-Dest", "document") == "document"


def wants_page(request: HttpRequest) -> bool:
    """Tell whether a person will read the answer."""
    return "text/html" in request.headers.get("Accept", "")


def comes_from_here(request: HttpRequest) -> bool:
    """
    Tell whether a page of ours has led here, by a link or by a form.

    It may be the redirect after a form, and then `form-action 'self'` forbids to be redirected to another origin.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return request.headers.get("Referer", "").startswith(f"{settings.BASE_URL}/")


def check_to_enter(provider: Provider, claims: Mapping[str, Any]) -> None:
    """Raise InsufficientAuthentication for the claims of an ID token with which nobody comes in."""
    check_authentication_context(
        claims, acr=provider.required_acr, amr=provider.required_amr, purpose="enter"
    )


def check_to_administer(provider: Provider, claims: Mapping[str, Any]) -> None:
    """Raise InsufficientAuthentication for the claims of an ID token with which nobody administers."""
    check_authentication_context(
        claims, acr=provider.admin_required_acr, amr=provider.admin_required_amr, purpose="administer"
    )


def meets_demands_to_administer(provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Tell whether one may administer after this authentication, as far as it is about that."""
    try:
        check_to_administer(provider, claims)
    except InsufficientAuthentication:
        return False
    return True


def withhold_administration(request: HttpRequest, session: ConsoleSession) -> HttpResponse | None:
    """
    Take the rights of an administrator from `request.user`, for this request, unless `session` meets the demands.

    Return what to answer in the place of a page of the admin or a result of the API: the way to the provider for a
    window, 401 for everything else.
    """
    if meets_demands_to_administer(session.provider, session.authentication):
        return None
    user: Any = request.user
    administers = user.is_staff or user.is_superuser
    # A copy that no backend is asked about, so that neither a flag nor a group lets it do anything.
    lowered = copy(user)
    lowered.is_staff = lowered.is_superuser = False
    lowered._perm_cache = lowered._user_perm_cache = lowered._group_perm_cache = set()
    request.user = lowered
    request.administration_withheld = administers  # type: ignore[attr-defined]  # read by base.html alone
    # Only at these doors is it worth the queries who has rights and is no administrator.
    if _asks_for_rights(request) and (administers or user.get_all_permissions()):
        return _answer(request, session.provider)
    return None


def _asks_for_rights(request: HttpRequest) -> bool:
    path = request.path
    if path.startswith(API):
        return not path.startswith(OPEN_API) and "Authorization" not in request.headers
    return path.startswith(ADMIN) and not path.startswith(OPEN)


def _answer(request: HttpRequest, provider: Provider) -> HttpResponse:
    if request.path.startswith(API):
        answer = answer_in_form(request.path, status=401, code=InsufficientAuthentication.code, detail=DETAIL)
    else:
        again = request.get_full_path() if request.method in ("GET", "HEAD") else ADMIN
        way = f"{reverse('signin_start', args=[provider.slug])}?{urlencode({PARAMETER: 1, 'next': again})}"
        if is_navigation(request):
            return HttpResponseRedirect(way)
        context = {"error": InsufficientAuthentication.code, "again": way, "nothing_was_done": True}
        answer = render(request, "session_unconfirmed.html", context, status=401)
    challenge = f'Bearer error="{InsufficientAuthentication.code}"'
    if wanted := " ".join(provider.admin_required_acr):
        challenge += f', acr_values="{wanted}"'
    answer.headers["WWW-Authenticate"] = challenge
    return answer
