"""The password door: break-glass administrators, and superusers made on the command line."""

from axes.backends import AxesStandaloneBackend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from ssoconsole.platform.accounts.models import User


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
