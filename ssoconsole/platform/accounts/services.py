"""Writes about people that no provider vouches for."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ssoconsole.platform.accounts.lockout import forget_failures
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
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
    user = User.objects.select_for_update().filter(username__iexact=name).first()
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
