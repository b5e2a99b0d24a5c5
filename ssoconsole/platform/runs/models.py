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
        ROTATE = "rotate_signing_key"
        WARN = "send_warnings"
        WATCH = "watch_providers"

    what = models.CharField(max_length=32, primary_key=True, choices=What.choices)
    at = models.DateTimeField(default=timezone.now)
    version = models.CharField(max_length=32)
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"


class LastFailure(models.Model):
    """
    When something of `LastRun` has last failed: a row for each, overwritten. It counts until a later run succeeds.

    A table of its own, so that a release that does not know of it goes on reading and writing `LastRun`.
    """

    what = models.CharField(max_length=32, primary_key=True, choices=LastRun.What.choices)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
