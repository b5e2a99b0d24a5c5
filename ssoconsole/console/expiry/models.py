"""What has been told."""

from django.db import models


class SentWarning(models.Model):
    """
    One warning by one channel: that something ends, so many days before.

    The constraint is what makes it one, in whatever process. Who sends it has claimed it first; without `sent_at` it
    was not sent, and a claim that has grown old was left behind by a process that is gone.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "webhook"

    channel = models.CharField(max_length=16, choices=Channel)
    kind = models.CharField(max_length=32)
    url = models.CharField(max_length=512)
    ends_at = models.DateTimeField()
    threshold = models.PositiveSmallIntegerField(help_text="Days before the end.")
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["channel", "kind", "url", "ends_at", "threshold"],
                name="one_warning_per_channel_and_threshold",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.ends_at:%Y-%m-%d}, {self.threshold} days before, by {self.channel}"
