"""Keys that others publish: a bot's own at its `jwks_uri`, a workload platform's at its issuer."""

from django.db import models


class RemoteKeys(models.Model):
    """
    The last good copy of a key set.

    `source` is the address of the set itself or, for a workload platform, its issuer; then `jwks_uri` is where its
    discovery document says the set is.
    """

    source = models.CharField(max_length=512, unique=True)
    jwks_uri = models.CharField(max_length=512, blank=True)
    jwks = models.JSONField()
    fetched_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "remote keys"

    def __str__(self) -> str:
        return self.source
