"""Sessions that have to be checked: how they are registered, and how time goes by for them."""

import datetime

import time_machine
from django.utils import timezone

from providers.models import ConsoleSession, SignInAttempt
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import register_read

EVERY = 900  # seconds
DUE, LATE, OVER = EVERY + 1, 2 * EVERY - 5, 2 * EVERY + 1
WINDOW = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
SCRIPT = {"Accept": "application/json", "Sec-Fetch-Mode": "cors"}
SCOPES = ["openid", "email", "profile", "groups", "offline_access"]


def by_token(op, **fields):
    return register_read(
        op, **{"session_refresh": "refresh_token", "session_check_every": EVERY, "scopes": SCOPES} | fields
    )


def by_browser(op, **fields):
    return register_read(op, **{"session_refresh": "prompt_none", "session_check_every": EVERY} | fields)


def later(seconds):
    """That many seconds after the session was last checked."""
    checked_at = ConsoleSession.objects.latest("started_at").checked_at
    return time_machine.travel(checked_at + datetime.timedelta(seconds=seconds))


def the_session():
    return ConsoleSession.objects.latest("started_at")


def is_live():
    return ConsoleSession.objects.live(at=timezone.now()).exists()


def refreshes(op):
    return [r for r in op.requests_to("token") if r.form.get("grant_type") == "refresh_token"]


def check_trace():
    """The one trace of a check."""
    return SignInAttempt.objects.get(purpose="refresh")


def assert_ended(op, visitor, outcome):
    """Dead, signed out, explained; and nothing is left that could be used again."""
    session = the_session()
    assert session.ended_at is not None
    assert session.ended_by == "provider:corp"
    assert (session.id_token, session.refresh_token) == (None, None)
    assert not visitor.is_signed_in()
    trace = check_trace()
    assert (trace.outcome, trace.session, trace.user) == (outcome, session, session.user)
    event = Event.objects.get(action="session_check_refused")
    assert (event.outcome, event.after["reference"]) == (outcome, trace.reference)
    assert Event.objects.filter(action="session_ended", target=str(session.pk)).count() == 1
