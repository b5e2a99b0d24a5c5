"""Every request of a signed-in browser: is its session still good?"""

import uuid
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth import SESSION_KEY as USER_SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from providers.models import ConsoleSession
from providers.models.session import SEEN_EVERY, idle_before
from providers.refresh.door import check_session
from providers.registration.rolling_back import roll_back_if_overdue
from providers.sessions.services import (
    PROVIDER_BACKEND,
    SESSION_KEY,
    UNUSED,
    console_session_of,
    end_idle_session,
    note_seen,
    set_console_session,
)
from providers.sessions.step_up import withhold_administration
from ssoconsole.platform.eventlog.services import record_event

SEEN_KEY = "seen_at"


class ConsoleSessionMiddleware:
    """
    Look the row up by one query, and forget browsers whose row has ended, run out, was not used for too long, or
    lost provider or user.

    Where it is time to ask the provider again, ask it first (`providers.refresh`): what it takes away is gone for
    this very request.

    Put `request.console_session` in place. Nothing about a request is kept on the middleware, which all
    threads share.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        set_console_session(request, None)
        answer = _check(request) if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        response = answer or self.get_response(request)
        # The session is asked only where the request came with one or made one, so that strangers cost no query.
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES or request.session.modified
        if has_session and USER_SESSION_KEY in request.session and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def _check(request: HttpRequest) -> HttpResponse | None:
    """Put the session in place; return what to answer instead of the page where its provider must say more."""
    if request.session.get(BACKEND_SESSION_KEY) != PROVIDER_BACKEND:
        _keep_password_session_in_use(request)
        return None  # nobody, or an administrator by password, whom no provider vouches for
    session = _live_session(request.session.get(SESSION_KEY), request.session.get(USER_SESSION_KEY))
    set_console_session(request, session)
    answer = check_session(request, session) if session else None
    session = console_session_of(request)
    if session is None:
        request.session.flush()
        request.user = AnonymousUser()
        return None
    note_seen(session=session, at=timezone.now())
    return answer or withhold_administration(request, session)


def _live_session(key: str | None, user_key: str | None) -> ConsoleSession | None:
    try:
        primary_key = uuid.UUID(key or "")
    except ValueError:
        return None
    live = ConsoleSession.objects.live(at=timezone.now()).select_related("provider").order_by()
    session = next(iter(live.filter(pk=primary_key)), None)
    if session is None:
        end_idle_session(key=primary_key, at=timezone.now())
    if session and roll_back_if_overdue(session.provider):  # which may have ended this very session
        session = next(iter(live.filter(pk=primary_key)), None)
    return session if session and str(session.user_id) == user_key else None


def _keep_password_session_in_use(request: HttpRequest) -> None:
    """Who came by a password has no row: the browser's session says when it was used, at first his login does."""
    if USER_SESSION_KEY not in request.session:
        return
    now = timezone.now()
    since, seen = idle_before(now), request.session.get(SEEN_KEY)
    if seen is None and (signed_in := getattr(request.user, "last_login", None)):
        seen = signed_in.timestamp()
    if since and seen is not None and seen <= since.timestamp():
        record_event("session_ended", by=UNUSED, target=str(request.user), after={"why": "nobody used it"})
        request.session.flush()
        request.user = AnonymousUser()
    elif seen is None or seen <= (now - SEEN_EVERY).timestamp():
        request.session[SEEN_KEY] = int(now.timestamp())
