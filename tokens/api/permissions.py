"""Who may do what through the REST API."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ssoconsole.platform.accounts.models import User
from tokens.audiences import READ, WRITE
from tokens.errors import InsufficientScope
from tokens.models import Bot, TokenRecord


def is_administrator(user: Any) -> bool:
    """Tell whether a person administers the console."""
    return bool(user.is_active and user.is_staff and user.is_superuser)


class ConsoleAdministrator(BasePermission):
    """
    Administrators, and tokens with the scope; console.write includes reading.

    A person who owns a bot may read what belongs to it, on views that say `owners_may_read`. To everybody
    else signed in, nothing here exists. A view that says `only_reads` changes nothing by any method.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        reads = request.method in SAFE_METHODS or getattr(view, "only_reads", False)
        if isinstance(request.auth, TokenRecord):
            return _has_scope(request.auth, reads=reads)
        if not request.user.is_authenticated:
            return False
        if is_administrator(request.user):
            return True
        if not getattr(view, "owners_may_read", False):
            raise NotFound
        if reads:
            return True
        # An owner is told that he may not; to a stranger there is nothing that he might not do it to.
        if not visible_bots(request).filter(name=view.kwargs.get("name", "")).exists():
            raise NotFound
        return False


def visible_bots(request: Request) -> QuerySet[Bot]:
    """The bots that this caller may see."""
    if isinstance(request.auth, TokenRecord) or is_administrator(request.user):
        return Bot.objects.all()
    if not isinstance(request.user, User):
        return Bot.objects.none()
    return Bot.objects.owned_by(request.user)


def _has_scope(record: TokenRecord, *, reads: bool) -> bool:
    needed = {READ, WRITE} if reads else {WRITE}
    if needed & set(record.scopes):
        return True
    raise InsufficientScope(expected=READ if READ in needed else WRITE)
