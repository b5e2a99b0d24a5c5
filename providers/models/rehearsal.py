"""A registration that is tried before people depend on it."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from providers.models.provider import Provider
from ssoconsole.platform.encryption.field import EncryptedTextField

REHEARSAL_LIFETIME = timedelta(minutes=30)


class RehearsalQuerySet(models.QuerySet["Rehearsal"]):
    def fresh(self, *, at: datetime) -> "RehearsalQuerySet":
        """Rehearsals that still count and can still be read."""
        return self.filter(started_at__gt=at - REHEARSAL_LIFETIME)


class Rehearsal(models.Model):
    """
    What an administrator signs in through to see what would happen: the registration as it was typed, unsaved.

    `registration` is JSON with the client secret in it, `result` JSON of what was decided. `provider` is the stored
    row that it may become a change of; a registration that is not stored yet has none. How it went is in the
    sign-in attempt that points here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.CASCADE, related_name="rehearsals")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    registration = EncryptedTextField()
    result = EncryptedTextField(null=True)
    started_at = models.DateTimeField(db_index=True)

    objects = RehearsalQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.provider or 'a new provider'} {self.started_at:%Y-%m-%d %H:%M}"
