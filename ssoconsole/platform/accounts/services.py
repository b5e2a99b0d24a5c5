"""
Write people whom no provider vouches for, and warn in the admin of those who can still sign in by password.

The warning is about temporary administrators who can still sign in, and about a session that began with a password.
"""

import secrets
from datetime import datetime, timedelta

from django.contrib.auth import BACKEND_SESSION_KEY
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.passwords import PASSWORD_BACKEND, forget_failures
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import record_event

BREAK_GLASS_LIFETIME = timedelta(hours=24)


class NameTaken(DomainError):
    """That name belongs to an account that is not a break-glass administrator."""

    code = "name_taken"


class NameUnusable(DomainError):
    """An account has a name that can be typed, of 255 characters at most."""

    code = "name_unusable"


@transaction.atomic
def bootstrap_admin(*, name: str, by: Actor, lifetime: timedelta = BREAK_GLASS_LIFETIME) -> tuple[User, str]:
    """
    Create or renew the temporary administrator `name`; return it and its password, which is kept nowhere else.

    Raises NameTaken when a lasting account has that name: breaking the glass never changes a real person.
    Raises NameUnusable.
    """
    if not name.strip() or len(name) > 255 or not name.isprintable():
        raise NameUnusable
    user = User.objects.select_for_update(no_key=True).filter(username__iexact=name).first()
    if user and user.expires_at is None:
        raise NameTaken(received=name)
    user = user or User(username=name)
    password = secrets.token_urlsafe(24)
    user.set_password(password)
    user.is_staff = user.is_superuser = user.is_active = True
    user.expires_at = timezone.now() + lifetime
    user.save()
    forget_failures(name=user.username)  # a stranger's guessing must not keep the new password out
    record_event(
        "break_glass_opened", by=by, target=user.username, after={"expires_at": user.expires_at.isoformat()}
    )
    return user, password


def open_accounts(*, at: datetime) -> QuerySet[User]:
    """
    Return the temporary administrators who can sign in, the first to end first, by one query.

    Each has `opened_at` and `opened_by`, when and by whom that was last made so; None where the event log no
    longer knows.
    """
    opened = Event.objects.filter(action="break_glass_opened", target=OuterRef("username")).order_by("-id")
    live = User.objects.filter(expires_at__gt=at, is_active=True).order_by("expires_at")
    return live.only("username", "expires_at").annotate(
        opened_at=Subquery(opened.values("at")[:1]), opened_by=Subquery(opened.values("actor")[:1])
    )


def came_by_password(request: HttpRequest) -> bool:
    """Tell whether this browser was signed in by a password and no provider vouches for it."""
    signed_in = request.user.is_authenticated
    return signed_in and request.session.get(BACKEND_SESSION_KEY) == PASSWORD_BACKEND
