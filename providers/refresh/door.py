"""
Between a request and the page it asks for: does the provider have to be asked again, and how?

Of the requests of one session, one claims the check (`claim_check`) and asks. The others are served while the grace
lasts. After it they wait a moment for the one that asks, because a person who comes back after lunch opens a page
with ten requests in it, and are then refused with 503.
"""

import time

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from providers.errors import ProviderFault
from providers.models import ConsoleSession
from providers.refresh import pages
from providers.refresh.by_refresh_token import Standing, ask_again, check_of, may_wait
from providers.refresh.leaving import leave_for_check
from providers.refresh.services import claim_check, end_unvouched
from providers.refresh.timing import grace_ends, is_due, refresh_token_of
from providers.sessions.navigation import is_exempt, is_navigation
from providers.sessions.services import set_console_session
from providers.signin.guard import as_refusal, refuse
from ssoconsole.platform.actors import Actor

log = structlog.get_logger("sessions")

WAIT_FOR_ANOTHER = 5.0  # seconds
LOOK_EVERY = 0.1


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
        return pages.not_now(request)
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
        return None if in_grace else pages.sign_in_needed(request, session)
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
