"""
Between a request and the page it asks for: does the provider have to be asked again, and how?

Of the requests of one session, one claims the check (`claim_check`) and asks. The others are served while the grace
lasts. After it they wait a moment for the one that asks, because a person who comes back after lunch opens a page
with ten requests in it, and are then refused with 503.

A page that is opened leaves for the provider with `prompt=none`: is the person still signed in there (OpenID Connect
Core 1.0 section 3.1.2.1)? A session without an answer gets a page or a result in place of what it asked for.
"""

import time

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from providers.errors import ProviderFault
from providers.metadata import ensure_discovery
from providers.models import ConsoleSession, SignInAttempt
from providers.refresh.services import (
    Standing,
    ask_again,
    check_of,
    claim_check,
    end_unvouched,
    grace_ends,
    is_due,
    may_wait,
    refresh_token_of,
)
from providers.sessions.services import set_console_session
from providers.sessions.step_up import comes_from_here, is_exempt, is_navigation, wants_page
from providers.signin.guard import as_refusal, count_sign_in, refuse
from providers.signin.leaving import leave
from providers.signin.redirects import lead_on_instead, local_target
from ssoconsole.platform.actors import Actor

RETRY_AFTER = 5  # seconds
log = structlog.get_logger("sessions")

WAIT_FOR_ANOTHER = 5.0  # seconds
LOOK_EVERY = 0.1


def sign_in_needed(request: HttpRequest, session: ConsoleSession) -> HttpResponse:
    """Refuse what cannot be led over the provider, a form or a script's request: 401, and nothing was done."""
    signin = reverse("signin_start", args=[session.provider.slug])
    if wants_page(request):
        response = _page(request, 401, "login_required", local_target(request.headers.get("Referer")))
    else:
        response = JsonResponse({"error": "login_required", "signin": signin}, status=401)
    response.headers["WWW-Authenticate"] = 'Session realm="console"'  # RFC 9110 section 15.5.2 wants one
    return _not_kept(response)


def not_now(request: HttpRequest) -> HttpResponse:
    """Refuse for a moment: somebody else is asking the provider, and has no answer yet."""
    if wants_page(request):
        again = (
            request.get_full_path() if request.method in ("GET", "HEAD") else request.headers.get("Referer")
        )
        response = _page(request, 503, "temporarily_unavailable", local_target(again))
    else:
        response = JsonResponse({"error": "temporarily_unavailable"}, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return _not_kept(response)


def _page(request: HttpRequest, status: int, error: str, again: str) -> HttpResponse:
    context = {
        "error": error,
        "again": again or "/",
        "nothing_was_done": request.method not in ("GET", "HEAD"),
    }
    return render(request, "session_unconfirmed.html", context, status=status)


def _not_kept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


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


def check_session(request: HttpRequest, session: ConsoleSession) -> HttpResponse | None:
    """
    Ask the provider if it is time to; return what to answer in the place of the page, or None to go on.

    `console_session_of(request)` is None afterwards if the session has ended. Costs no query while nothing is due.
    """
    if not is_due(session, at=timezone.now()) or is_exempt(request):
        return None
    refresh_token = refresh_token_of(session)
    if refresh_token is None:
        return _by_browser(request, session)
    return _by_refresh_token(request, session, refresh_token)


def _by_refresh_token(
    request: HttpRequest, session: ConsoleSession, refresh_token: str
) -> HttpResponse | None:
    if claim_check(session=session, at=timezone.now()):
        standing = ask_again(
            session=session,
            refresh_token=refresh_token,
            by=_provider_of(request, session),
            user_agent=request.headers.get("User-Agent", ""),
        )
    elif timezone.now() < grace_ends(session):
        return None
    else:
        standing = _wait_for_another(request, session)
    if standing is Standing.ENDED:
        set_console_session(request, None)
        return None
    if standing is Standing.UNANSWERED and timezone.now() >= grace_ends(session):
        return not_now(request)
    return None


def _wait_for_another(request: HttpRequest, session: ConsoleSession) -> Standing:
    """See what becomes of the check that another request has claimed, here or in another process."""
    give_up = time.monotonic() + WAIT_FOR_ANOTHER
    while time.monotonic() < give_up:
        time.sleep(LOOK_EVERY)
        live = ConsoleSession.objects.live(at=timezone.now()).select_related("provider")
        current = live.filter(pk=session.pk).first()
        if current is None:
            return Standing.ENDED
        if current.checked_at > session.checked_at:
            set_console_session(request, current)
            return Standing.GOOD
    return Standing.UNANSWERED


def _by_browser(request: HttpRequest, session: ConsoleSession) -> HttpResponse | None:
    """Lead windows over the provider; leave everything else alone for the grace, and refuse it after that."""
    in_grace = timezone.now() < grace_ends(session)
    if not is_navigation(request):
        return None if in_grace else sign_in_needed(request, session)
    claimed = claim_check(session=session, at=timezone.now())
    if in_grace and not claimed:
        return None  # another tab is on its way, or the provider has just failed
    try:
        return leave_for_check(request, session)
    except ProviderFault as fault:
        _no_way(request, session, fault)
        return None
    except Exception as error:  # too many of this address, or a fault of ours
        return None if in_grace else refuse(request, as_refusal(error))


def _no_way(request: HttpRequest, session: ConsoleSession, fault: ProviderFault) -> None:
    """The provider cannot even be left for: go on while the grace lasts, then the session ends."""
    if may_wait(session, fault):
        log.warning("session_check_unanswered", provider=session.provider.slug, outcome=fault.code)
        return
    by, user_agent = _provider_of(request, session), request.headers.get("User-Agent", "")
    check = check_of(session, by=by, user_agent=user_agent)
    end_unvouched(session=session, sign_in=check, error=fault, by=by)
    set_console_session(request, None)


def _provider_of(request: HttpRequest, session: ConsoleSession) -> Actor:
    return Actor("provider", session.provider.slug, request.META.get("REMOTE_ADDR") or None)
