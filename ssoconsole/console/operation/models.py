"""What ran when."""

from django.db import models
from django.utils import timezone


class LastRun(models.Model):
    """
    When something that somebody else has to start has last come to its end: a row for each, overwritten.

    `version` is that of the code that ran. `details` holds no secret.
    """

    class What(models.TextChoices):
        BACKUP = "backup"
        CLEANUP = "cleanup"
        MIGRATE = "migrate"

    what = models.CharField(max_length=32, primary_key=True, choices=What.choices)
    at = models.DateTimeField(default=timezone.now)
    version = models.CharField(max_length=32)
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
