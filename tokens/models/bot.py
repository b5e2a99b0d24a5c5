"""A machine identity, and what it may ask for."""

import operator
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import Lower, Now
from django.db.models.lookups import IsNull
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from tokens.models.audience import Audience

BOT_NAME = r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}\Z"
UNUSED_FOR = timedelta(days=90)


class Stale(models.TextChoices):
    """Why somebody should look at a bot that works."""

    UNUSED = "unused", f"unused for {UNUSED_FOR.days} days"
    NO_OWNER = "no-owner", "no owner"
    OWNER_GONE = "owner-gone", "owner gone or disabled"
    ENDLESS_SECRET = "endless-secret", "a secret without an end"


class BotQuerySet(models.QuerySet["Bot"]):
    def enabled(self) -> "BotQuerySet":
        return self.filter(disabled_at=None)

    def owned_by(self, user: AbstractUser) -> "BotQuerySet":
        """
        Bots that were given to this person, by a name in any case: no two people differ in case only.

        One that was given to the name before there was an account of that name waits for an administrator: whoever
        registers a name first has not shown that he is the one who was meant.
        """
        named = self.alias(folded=Lower("owner")).filter(folded=Lower(models.Value(user.get_username())))
        return named.filter(owner_named_at__gte=user.date_joined).exclude(owner="")

    def stale(self, *, at: datetime, because: Stale | None = None) -> "BotQuerySet":
        """
        Bots that work and that nobody seems to look after: for one reason, or for any.

        The one place that says what is stale. Disabled and retired bots are not: they have been looked at.
        """
        reasons = _stale_reasons(at=at)
        wanted = [reasons[because]] if because else list(reasons.values())
        return self.enabled().filter(reduce(operator.or_, wanted))

    def with_stale_reasons(self, *, at: datetime) -> "BotQuerySet":
        """Each bot with what `stale_reasons_of` needs to know, in the same query."""
        columns = {
            _column_of(reason): ExpressionWrapper(condition, output_field=models.BooleanField())
            for reason, condition in _stale_reasons(at=at).items()
        }
        return self.annotate(**columns)


def stale_reasons_of(bot: "Bot") -> list[Stale]:
    """Return why a bot of `with_stale_reasons` is stale; for one that does not work, nothing."""
    return [] if bot.disabled_at else [reason for reason in Stale if getattr(bot, _column_of(reason))]


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
    owner = models.CharField(max_length=255, blank=True)
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
        indexes = (models.Index(Lower("owner"), name="bots_by_owner"),)

    def __str__(self) -> str:
        return self.name


def _stale_reasons(*, at: datetime) -> dict[Stale, Q]:
    """
    What a bot is for each reason.

    The use of tokens that were made to last is seen by nobody, so that a bot which holds one counts as used. A name
    counts in any case, as no two people differ in case only.
    """
    credentials, tokens = _rows_of_the_bot("Credential"), _rows_of_the_bot("TokenRecord")
    used_lately = credentials.filter(last_used_at__gt=at - UNUSED_FOR)
    endless_secret = credentials.filter(kind="client_secret", expires_at=None, retired_at=None)
    # Two questions, each with an index of its own: among millions of tokens these are few.
    endless_token = tokens.filter(expires_at=None, revocation=None)
    long_token = tokens.filter(long_lived=True, expires_at__gt=at, revocation=None)
    people = User.objects.alias(folded=Lower("username")).filter(
        is_active=True, folded=Lower(OuterRef("owner"))
    )
    # Not by EXISTS, for which PostgreSQL would read all people to look at the bots of one page.
    owner = Subquery(people.order_by().values("pk")[:1])
    return {
        Stale.UNUSED: Q(created_at__lte=at - UNUSED_FOR)
        & ~Q(Exists(used_lately))
        & ~Q(Exists(endless_token))
        & ~Q(Exists(long_token)),
        Stale.NO_OWNER: Q(owner=""),
        Stale.OWNER_GONE: ~Q(owner="") & Q(IsNull(owner, True)),
        Stale.ENDLESS_SECRET: Q(Exists(endless_secret)),
    }


def _rows_of_the_bot(model: str) -> "models.QuerySet[Any]":
    """Rows of a model that refers to bots, and so stands above this one."""
    rows: models.QuerySet[Any] = apps.get_model("tokens", model)._default_manager.all()
    return rows.filter(bot=OuterRef("pk")).order_by()


def _column_of(reason: Stale) -> str:
    return f"stale_{reason.name.lower()}"


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
