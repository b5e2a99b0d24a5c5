"""What has been told, and the private addresses of the calendar."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


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


class CalendarAddressQuerySet(models.QuerySet["CalendarAddress"]):
    def live(self, *, at: datetime) -> "CalendarAddressQuerySet":
        """Those that are not revoked and whose owner may still administer."""
        may_still = Q(owner__expires_at=None) | Q(owner__expires_at__gt=at)
        return self.filter(may_still, revoked_at=None, owner__is_active=True, owner__is_staff=True)


class CalendarAddress(models.Model):
    """
    A private address where a calendar reads what ends, as its owner may see it.

    Only a keyed hash of the 256 random bits in it is kept, `<key id>.<hex HMAC-SHA-256>`.
    """

    label = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=128, unique=True, editable=False)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=300, blank=True)

    objects = CalendarAddressQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "calendar addresses"

    def __str__(self) -> str:
        return self.label
