"""What a registration was, each time it was written."""

import uuid

from django.db import models

from providers.models.provider import Provider
from ssoconsole.platform.encryption.field import EncryptedTextField


class ProviderVersion(models.Model):
    """
    One registration as it was saved; never changed, and dropped with the provider or by `cleanup`.

    `number` counts from 1 per provider. `changed` names the fields that differ from the version before.
    `configuration` is the whole of it as JSON, client secret and all, and therefore encrypted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=300)
    changed = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)
    configuration = EncryptedTextField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=["provider", "number"], name="one_version_per_number"),)

    def __str__(self) -> str:
        return f"version {self.number}"
