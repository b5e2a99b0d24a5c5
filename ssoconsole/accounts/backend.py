"""The password door: break-glass administrators, and superusers made on the command line."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from ssoconsole.accounts.models import User


class PasswordBackend(ModelBackend):
    """Django's own, which also refuses an account past its time, at sign-in and at every request after."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        if isinstance(user, User) and user.has_expired(at=timezone.now()):
            return False
        return super().user_can_authenticate(user)
