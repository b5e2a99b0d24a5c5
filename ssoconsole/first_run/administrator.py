"""The first administrator."""

from django.db.models import Q
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.services import NameTaken, bootstrap_admin
from ssoconsole.platform.actors import Actor

NAME = "admin"


def first_administrator() -> tuple[str, str] | None:
    """Create a temporary administrator when nobody can administer; return name and one-time password, or None."""
    at_work = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    if User.objects.filter(at_work, is_superuser=True, is_active=True).exists():
        return None
    by = Actor.command("first_run")
    try:
        user, password = bootstrap_admin(name=NAME, by=by)
    except NameTaken:
        user, password = bootstrap_admin(name=f"{NAME}-break-glass", by=by)
    return user.username, password
