"""People, each named by a principal claim or by the break-glass command, and secrets that wait to be shown to one."""

import uuid
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ssoconsole.platform.encryption.field import EncryptedTextField


class User(AbstractUser):
    """
    One person.

    The name may be any principal a provider vouches for (up to 255 characters) and is unique in any case, so
    that `Alice` can never be mistaken for `alice`. `expires_at` is set for break-glass administrators only.
    """

    username = models.CharField(_("name"), max_length=255, unique=True)
    name = models.CharField("full name", max_length=255, blank=True)
    first_name = None  # type: ignore[assignment]  # one name, as the provider spells it
    last_name = None  # type: ignore[assignment]
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(AbstractUser.Meta):
        constraints = (models.UniqueConstraint(Lower("username"), name="one_user_per_name_in_any_case"),)
        indexes = (
            models.Index(Lower("email"), name="people_by_email"),
            # The few that are asked for with every list of tokens, and on every page of the admin.
            models.Index(Lower("username"), condition=models.Q(is_active=False), name="disabled_people"),
            models.Index(
                fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="people_with_an_end"
            ),
            models.Index(
                fields=["username"],
                condition=models.Q(is_staff=True) | models.Q(is_superuser=True),
                name="people_who_administer",
            ),
        )

    def get_full_name(self) -> str:
        return self.name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()

    def has_expired(self, *, at: datetime) -> bool:
        """Tell whether this break-glass account is past its time."""
        return self.expires_at is not None and self.expires_at <= at


class SecretToShow(models.Model):
    """
    A secret that has just been made, until the person who made it has seen it.

    `session_hash` is a keyed hash of the key of the browser session; `about` names the row that the secret belongs to.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_hash = models.CharField(max_length=128)
    about = models.CharField(max_length=64)
    secret = EncryptedTextField()
    made_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"for {self.user}"
