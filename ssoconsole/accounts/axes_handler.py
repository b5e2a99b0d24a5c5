"""What django-axes asks and is told: it watches every sign-in, of which only those by password are our concern."""

from typing import Any

from axes.handlers.base import AxesHandler
from django.contrib.auth import BACKEND_SESSION_KEY
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from ssoconsole.accounts import alarms
from ssoconsole.accounts.lockout import forget_failures, note_failure, source_of, waits_until
from ssoconsole.accounts.models import User

PASSWORD_BACKEND = "ssoconsole.accounts.backend.PasswordBackend"  # noqa: S105 - a path
Credentials = dict[str, Any]


class PasswordDoorHandler(AxesHandler):
    """
    Counts failures by `lockout` and raises the alarm.

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
            alarms.tell_waiting(address=address)
            return
        name = _name(credentials)
        with transaction.atomic():
            note_failure(name=name, source=source_of(request))
            locked = self.is_locked(request, credentials)
            alarms.tell_refused(name=name, address=address, locked=locked)
        request.axes_locked_out = locked  # type: ignore[attr-defined]  # read by the middleware

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Raise the alarm, and let the person start from zero; nothing for who came through a provider."""
        if request.session.get(BACKEND_SESSION_KEY) != PASSWORD_BACKEND:
            return
        with transaction.atomic():
            forget_failures(name=user.get_username(), source=source_of(request))
            alarms.tell_signed_in(user=user, address=request.META.get("REMOTE_ADDR") or None)

    def reset_attempts(
        self,
        *,
        ip_address: str | None = None,
        username: str | None = None,
        ip_or_username: bool = False,
    ) -> int:
        """Serve `manage.py axes_reset_username`; the other resets have nothing to do here."""
        return forget_failures(name=username, source=ip_address) if username else 0


def _name(credentials: Credentials | None) -> str:
    return str((credentials or {}).get("username") or "")
