"""A machine identity, and what it may ask for."""

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone

from tokens.models.audience import Audience

BOT_NAME = r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}\Z"


class BotQuerySet(models.QuerySet["Bot"]):
    def enabled(self) -> "BotQuerySet":
        return self.filter(disabled_at=None)

    def owned_by(self, user: AbstractUser) -> "BotQuerySet":
        """
        Bots that were given to this person.

        One that was given to the name before there was an account of that name waits for an administrator: whoever
        registers a name first has not shown that he is the one who was meant.
        """
        ours = self.filter(owner=user.get_username(), owner_named_at__gte=user.date_joined)
        return ours.exclude(owner="")


class Bot(models.Model):
    """
    One machine identity.

    The name is `client_id` and `sub`; it is immutable and never reused, so that a token or a log line means the
    same bot for ever. `owner` is a person's user name, and `owner_named_at` when an administrator last said so.
    `allowed_networks` is a list of CIDR strings, empty for anywhere. `retired_at` says that it is disabled for good.
    """

    name = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(BOT_NAME, "Letters, digits, dot, hyphen and underscore; a letter or digit first.")
        ],
    )
    description = models.CharField(max_length=500, blank=True)
    owner = models.CharField(max_length=255, blank=True, db_index=True)
    owner_named_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    allowed_networks = models.JSONField(default=list, blank=True)
    max_live_tokens = models.PositiveIntegerField(
        default=10_000, help_text="How many tokens that have not ended it may hold at once."
    )
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_by = models.CharField(max_length=300, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BotQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(retired_at=None) | models.Q(disabled_at__isnull=False),
                name="a_retired_bot_is_disabled",
            ),
            models.UniqueConstraint(Lower("name"), name="one_bot_per_name_in_any_case"),
        )

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """What one bot may ask for at one audience: scopes out of the audience's, and roles its tokens carry."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="grants")
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="grants")
    scopes = models.JSONField(default=list, blank=True)
    roles = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["bot", "audience"], name="one_grant_per_audience"),)

    def __str__(self) -> str:
        return f"{self.bot} at {self.audience}"
