"""What the admin warns of: temporary administrators who can still get in, and who has come by password."""

from datetime import datetime

from django.contrib.auth import BACKEND_SESSION_KEY
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from ssoconsole.platform.accounts.lockout import PASSWORD_BACKEND
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event


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
