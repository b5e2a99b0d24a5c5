"""
Signing out, here and at the provider: POST /signout and GET /signed-out (OpenID Connect RP-Initiated Logout 1.0).

By POST /backchannel-logout/<slug> a provider ends sessions (OpenID Connect Back-Channel Logout 1.0).
"""

import secrets
import time
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_safe

from providers.errors import ProviderFault, ProviderUnknown
from providers.metadata import verify_token
from providers.models import ConsoleSession, Provider, SignInAttempt
from providers.protocol.logout_token import LogoutFormRefused, check_logout_token
from providers.registration.rolling_back import roll_back_if_overdue
from providers.sessions.services import (
    console_session_of,
    end_session,
    end_sessions_by_logout,
    set_console_session,
)
from providers.signin.cookies import stay_here
from providers.signin.redirects import add_query, lead_on
from providers.signin.traces import record_refusal
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.http.doors import is_readable, only_post
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.verify import LOGOUT_TOKEN
from ssoconsole.platform.limits import count_try, in_this_minute


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


log = structlog.get_logger("signout")
FORM = "application/x-www-form-urlencoded"
RETRY_AFTER = 60  # seconds
# Refused logouts of one address that are put on record.
RECORDED_PER_MINUTE = 20


@csrf_exempt  # a server calls, which has no cookies; what authorises is the signature
@cache_control(no_store=True)
@only_post
def backchannel_logout(request: HttpRequest, slug: str) -> HttpResponse:
    """
    End the sessions that the token speaks of: 200 also where there are none (section 2.8).

    Whatever is wrong is 400 with the same words, an unknown provider too; 503 while the provider's keys
    cannot be had, so that it may try again.
    """
    provider = Provider.objects.named(slug)
    try:
        if provider is None:
            raise ProviderUnknown(expected="a registered provider", received=slug[:100])
        roll_back_if_overdue(provider)
        logout = check_logout_token(
            verify_token(provider, _token_in(request), types=LOGOUT_TOKEN, door="logout"),
            issuer=provider.issuer,
            client_id=provider.client_id,
            leeway=provider.leeway,
            now=int(time.time()),
            trusted_audiences=frozenset(provider.trusted_audiences),
        )
        end_sessions_by_logout(provider=provider, logout=logout, by=_actor(request, provider))
        return HttpResponse(content_type="text/plain")
    except DomainError as refused:
        if provider is not None and is_worth_a_record(request):
            record_refusal(
                error=refused,
                by=Actor("stranger", "", _actor(request, provider).address),
                user_agent=request.headers.get("User-Agent", ""),
                provider=provider,
                purpose=SignInAttempt.Purpose.LOGOUT,
            )
        return _refusal(refused)


def _token_in(request: HttpRequest) -> str:
    """Return the one `logout_token` of a posted form (section 2.5); the address's own query is not read."""
    if request.content_type != FORM:
        raise LogoutFormRefused(expected=FORM, received=shown(request.content_type))
    if is_readable(request.META["CONTENT_TYPE"]):
        request.encoding = "utf-8"  # a JWT is ASCII, which reads the same in each of these charsets
    try:
        tokens = request.POST.getlist("logout_token")
    except (SuspiciousOperation, BadRequest):  # too many fields, or a character set that forms do not have
        tokens = []
    if len(tokens) != 1:
        raise LogoutFormRefused(expected="one logout_token", received=f"{len(tokens)} of them")
    return tokens[0]


def is_worth_a_record(request: HttpRequest) -> bool:
    """
    Count one more refusal of this address; False past RECORDED_PER_MINUTE. Without a cache nothing is counted.

    Anybody may post here. What he posts is always checked, so that nobody can keep a provider's logout out by making
    noise; the record of his refusals is what ends.
    """
    try:
        refused = count_try(in_this_minute("logouts-refused", request))
    except Exception as error:  # noqa: BLE001, RUF100 - every cache has errors of its own; none may stop a logout
        log.warning("refused_logouts_not_counted", error=type(error).__name__)
        return True
    return refused <= RECORDED_PER_MINUTE


def _refusal(refused: DomainError) -> HttpResponse:
    if isinstance(refused, ProviderFault):
        answer = {"error": "temporarily_unavailable", "error_description": "Please try again later."}
        return JsonResponse(answer, status=503, headers={"Retry-After": str(RETRY_AFTER)})
    answer = {"error": "invalid_request", "error_description": "The logout token was refused."}
    return JsonResponse(answer, status=400)


def _actor(request: HttpRequest, provider: Provider) -> Actor:
    return Actor("provider", provider.slug, request.META.get("REMOTE_ADDR") or None)
