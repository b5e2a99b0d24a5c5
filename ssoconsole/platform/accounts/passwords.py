"""
Sign-in by password, for break-glass administrators and superusers made on the command line.

The console is meant to be entered through providers, so that every sign-in by password is an alarm: an event
`break_glass_signin`, and a line in the log that alerting can see.

After failures a name and an address have to wait. A failure is a row in the table that django-axes has for them, in the
database and not in the cache: a sign-in needs the database anyway, so that a cache that is away neither opens this way
in nor closes it, and every process counts the same. The rows hold no name as it was typed, which may be a password in
the wrong field. django-axes watches every sign-in and asks here; only those by password are counted.
"""

import math
from datetime import datetime, timedelta
from typing import Any

import structlog
from axes.backends import AxesStandaloneBackend
from axes.handlers.base import AxesHandler
from axes.models import AccessFailureLog
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ssoconsole.platform import limits
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

log = structlog.get_logger("alarms")
ACTION = "break_glass_signin"
# What administrators are told of a refusal; the person at the door is told how long to wait, and nothing else.
REFUSED = {
    "expected": "name and password of a temporary administrator who is active and not past his time",
    "received": "another name or another password; neither is kept",
    "remedy": "Nothing, if it was one of you; manage.py bootstrap_admin makes a new account. If it goes on, somebody "
    "is guessing.",
}
LOCKED = {
    "expected": "fewer failures from one address to one name",
    "received": "one failure too many",
    "remedy": "It opens again by itself; manage.py bootstrap_admin opens it at once. Other addresses and the sign-in "
    "through providers are not affected. If it was none of you, keep that address out at the proxy.",
}
PASSWORD_BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"  # noqa: S105 - a path
Credentials = dict[str, Any]
# From one address, whatever the names: each failure costs this machine a slow hash.
FAILURES_OF_AN_ADDRESS = 20
ADDRESS_WAITS = timedelta(minutes=1)
KEEP = timedelta(days=1)
NOWHERE = "0.0.0.0"  # noqa: S104 - stands for a peer without an address, such as a Unix socket


def tell_signed_in(*, user: User, address: str | None) -> None:
    """Tell that `user` came in; what cannot be written down does not happen, because this raises."""
    name = user.get_username()
    ends = user.expires_at.isoformat() if user.expires_at else None
    record_event(ACTION, by=Actor("user", name, address), target=name, after={"expires_at": ends})
    transaction.on_commit(lambda: log.error(ACTION, outcome="ok", user=name, address=address))


def tell_refused(*, name: str, address: str | None, locked: bool) -> None:
    """
    Tell that somebody failed, and with `locked` that this failure makes him wait.

    `name` is told only where it is an account's: what else people type there may be a password.
    """
    target = name if User.objects.filter(username=name).exists() else ""
    outcome = "locked" if locked else "refused"
    record_event(
        ACTION,
        by=Actor("stranger", "", address),
        target=target,
        outcome=outcome,
        after=LOCKED if locked else REFUSED,
    )
    say = log.error if locked else log.warning
    transaction.on_commit(lambda: say(ACTION, outcome=outcome, user=target, address=address))


def tell_waiting(*, address: str | None) -> None:
    """Tell that somebody tries on while he has to wait: a line and no row, because nothing limits these."""
    log.warning(ACTION, outcome="waiting", address=address)


def source_of(request: HttpRequest) -> str:
    """Return whose failures these are (see `ssoconsole.platform.limits`), as the table's column takes it."""
    return limits.source_of(request) or NOWHERE


def key_of(name: str) -> str:
    """Return what stands for a typed name in the table: without SECRET_KEY it cannot be guessed back."""
    return salted_hmac("ssoconsole.platform.accounts.passwords", name, algorithm="sha256").hexdigest()


def waits_until(*, name: str, source: str, at: datetime) -> datetime | None:
    """
    Return until when `name` from `source` has to wait, or None.

    AXES_FAILURE_LIMIT failures of this name from this address within AXES_COOLOFF_TIME make the pair wait as
    long from the last one; never the name alone, or a stranger could keep its owner out. Twenty failures from
    this address within a minute make all names from there wait a minute. It is the same for names that nobody
    has.
    """
    of_the_address = AccessFailureLog.objects.filter(ip_address=source)
    of_the_pair = of_the_address.filter(username=key_of(name))
    ends = (
        _end(of_the_pair, settings.AXES_FAILURE_LIMIT, settings.AXES_COOLOFF_TIME, at),
        _end(of_the_address, FAILURES_OF_AN_ADDRESS, ADDRESS_WAITS, at),
    )
    return max((end for end in ends if end), default=None)


def note_failure(*, name: str, source: str) -> None:
    """Count one more; not to be called for an attempt that had to wait, which therefore prolongs nothing."""
    AccessFailureLog.objects.create(username=key_of(name), ip_address=source)


def forget_failures(*, name: str, source: str | None = None) -> int:
    """Forget the failures of a name, from `source` or from everywhere; return how many there were."""
    rows = AccessFailureLog.objects.filter(username=key_of(name))
    return (rows.filter(ip_address=source) if source else rows).delete()[0]


def drop_old_failures(*, at: datetime) -> int:
    """Delete the failures that make nobody wait any more; return how many there were."""
    return AccessFailureLog.objects.filter(attempt_time__lt=at - KEEP).delete()[0]


def _end(
    failures: "QuerySet[AccessFailureLog]", limit: int, wait: timedelta, at: datetime
) -> datetime | None:
    latest = list(
        failures.filter(attempt_time__gt=at - 2 * wait)
        .order_by("-attempt_time", "-pk")
        .values_list("attempt_time", flat=True)[:limit]
    )
    if len(latest) < limit or latest[0] - latest[-1] >= wait:
        return None
    end: datetime = latest[0] + wait
    return end if end > at else None


class PasswordDoorHandler(AxesHandler):
    """
    Counts failures and raises the alarm.

    Its own handlers for the database would keep what was typed, and would ask the database at every sign-in
    through a provider.
    """

    def is_locked(self, request: HttpRequest, credentials: Credentials | None = None) -> bool:
        name = _name(credentials)
        return waits_until(name=name, source=source_of(request), at=timezone.now()) is not None

    def user_login_failed(
        self, sender: Any, credentials: Credentials, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a refused password, and let `AxesMiddleware` answer where it makes somebody wait."""
        if request is None or "username" not in credentials:
            return  # no door, or a provider's
        request.axes_credentials = credentials  # type: ignore[attr-defined]  # the middleware hands them on
        address = request.META.get("REMOTE_ADDR") or None
        if request.axes_locked_out:  # type: ignore[attr-defined]  # set by the backend
            tell_waiting(address=address)
            return
        name = _name(credentials)
        with transaction.atomic():
            note_failure(name=name, source=source_of(request))
            locked = self.is_locked(request, credentials)
            tell_refused(name=name, address=address, locked=locked)
        request.axes_locked_out = locked  # type: ignore[attr-defined]  # read by the middleware

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Raise the alarm, and let the person start from zero; nothing for who came through a provider."""
        if request.session.get(BACKEND_SESSION_KEY) != PASSWORD_BACKEND:
            return
        with transaction.atomic():
            forget_failures(name=user.get_username(), source=source_of(request))
            tell_signed_in(user=user, address=request.META.get("REMOTE_ADDR") or None)

    def reset_attempts(
        self,
        *,
        ip_address: str | None = None,
        username: str | None = None,
        ip_or_username: bool = False,
    ) -> int:
        """Serve `manage.py axes_reset_username`; the other resets have nothing to do here."""
        return forget_failures(name=username, source=ip_address) if username else 0


def come_back_later(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """
    Answer 429 with `Retry-After` (RFC 6585 section 4), the same words for every name; called by django-axes.
    """
    now = timezone.now()
    until = waits_until(name=_name(credentials), source=source_of(request), at=now) or now
    seconds = max(1, math.ceil((until - now).total_seconds()))
    context = {"minutes": math.ceil(seconds / 60)}
    refusal = render(request, "password_door_closed.html", context, status=429)
    refusal.headers["Retry-After"] = str(seconds)
    refusal.headers["Cache-Control"] = "no-store"
    return refusal


def _name(credentials: Credentials | None) -> str:
    return str((credentials or {}).get("username") or "")


class LockoutBackend(AxesStandaloneBackend):
    """
    Stops a sign-in by password where somebody has to wait, before any password is looked at.

    Django calls a backend only by keywords that fit: this one, unlike the library's, takes a name and a
    password and nothing else, so that sign-ins through providers pass it by.
    """

    def authenticate(self, request: HttpRequest | None, username: str, password: str) -> None:
        """Return None, or raise PermissionDenied, at which Django stops asking other backends."""
        if request is not None:  # otherwise there is no door, and nobody to wait
            super().authenticate(request, username=username, password=password)


class PasswordBackend(ModelBackend):
    """Django's own, which also refuses an account past its time, at sign-in and at every request after."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        if isinstance(user, User) and user.has_expired(at=timezone.now()):
            return False
        return super().user_can_authenticate(user)
