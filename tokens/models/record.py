"""
The record of one issued JWT, never the JWT itself; and status lists.

A status list says which issued tokens still count, for APIs that never call the console.
"""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, Expression, OuterRef, Q
from django.db.models.functions import Lower

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.keyset.paginator import first_key_since
from tokens.models.audience import Audience
from tokens.models.bot import Bot
from tokens.models.credential import Credential
from tokens.models.signing_key import SigningKey

# Tokens that are issued at once get their numbers in any order; none waits for its number that long.
OUT_OF_ORDER = timedelta(minutes=5)


def owner_disabled(owner: str) -> Exists:
    """
    Tell whether the field `owner` names a person who has been disabled.

    An owner that is empty, or nobody the console knows, is nobody who could be disabled. Names are compared in
    any case, as no two people differ in case only. A break-glass account that has run out does not count: its
    end was certain from the start, and says nothing against the bots that were set up with it.
    """
    namesakes = User.objects.alias(folded=Lower("username")).filter(folded=Lower(OuterRef(owner)))
    return Exists(namesakes.filter(is_active=False).exclude(username=""))


def not_over(*, at: datetime | Expression) -> Q:
    """What has no end, or one after `at`: of a record, and of its revocation."""
    return Q(expires_at=None) | Q(expires_at__gt=at)


def bot_counts(path: str = "") -> Q:
    """What a bot, at the end of `path`, must be for its tokens to count; a retired one is disabled too."""
    return Q(**{f"{path}disabled_at": None}) & Q(~owner_disabled(f"{path}owner"))


def audience_counts(path: str = "") -> Q:
    """What an audience must be for tokens to count there."""
    return Q(**{f"{path}disabled_at": None})


def key_counts(path: str = "", *, at: datetime | Expression) -> Q:
    """What a signing key must be for its signatures to count: not compromised, and not gone."""
    still_verifies = Q(**{f"{path}verify_until": None}) | Q(**{f"{path}verify_until__gt": at})
    return still_verifies & Q(**{f"{path}compromised_at": None})


class TokenRecordQuerySet(models.QuerySet["TokenRecord"]):
    def live(self, *, at: datetime | Expression) -> "TokenRecordQuerySet":
        """
        Tokens that still count.

        The one place that says what ends a token: its own revocation or expiry; its bot disabled or retired, or
        the bot's owner disabled; its audience withdrawn; its key compromised or gone. The status lists go by the
        same rules, cause by cause.
        """
        return self.unended(at=at).filter(
            bot_counts("bot__"), audience_counts("audience__"), key_counts("signing_key__", at=at)
        )

    def ending_between(self, start: datetime, end: datetime) -> "TokenRecordQuerySet":
        """Live tokens that were made to last and do not, the first to end first."""
        ending = self.live(at=start).filter(long_lived=True, expires_at__gt=start, expires_at__lte=end)
        return ending.order_by("expires_at")

    def issued_between(self, start: datetime, end: datetime) -> "TokenRecordQuerySet":
        """
        Tokens issued in that time, without its end; found by their numbers, as the time has no index.

        Asks at once for the numbers that are near.
        """
        first, after = (
            first_key_since(TokenRecord, time_field="issued_at", at=moment)
            for moment in (start - OUT_OF_ORDER, end + OUT_OF_ORDER)
        )
        if first is None:
            return self.none()
        near = Q(number__gte=first) if after is None else Q(number__gte=first, number__lt=after)
        return self.filter(near, issued_at__gte=start, issued_at__lt=end)

    def unended(self, *, at: datetime | Expression) -> "TokenRecordQuerySet":
        """Tokens that are neither revoked nor past their end: what can come back if anything may."""
        return self.filter(not_over(at=at), revocation=None)


class TokenRecord(models.Model):
    """
    One issued JWT.

    The number (primary key) is what the index in a status list is derived from, so it is never reused. No `expires_at`
    means that the token has no end.

    What it refers to is never deleted while it refers to it, and the database need not hold that: for each token it
    would lock the rows of its bot, audience, secret and key. Each index is one more write a token. A record is written
    once: that its token is revoked is a `Revocation`.
    """

    number = models.BigAutoField(primary_key=True)
    jti = models.CharField(max_length=64)
    bot = models.ForeignKey(
        Bot, on_delete=models.PROTECT, related_name="token_records", db_constraint=False, db_index=False
    )
    audience = models.ForeignKey(
        Audience, on_delete=models.PROTECT, related_name="token_records", db_constraint=False
    )
    credential = models.ForeignKey(
        Credential,
        null=True,
        on_delete=models.PROTECT,
        related_name="token_records",
        db_constraint=False,
        db_index=False,
    )
    signing_key = models.ForeignKey(
        SigningKey, on_delete=models.PROTECT, related_name="token_records", db_constraint=False
    )
    scopes = models.JSONField(default=list)
    roles = models.JSONField(default=list)
    label = models.CharField(max_length=100, blank=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=300)
    expires_at = models.DateTimeField(null=True, db_index=True)
    # Whether somebody should be told before its end. Among millions that live for an hour, these few are found by
    # an index of their own.
    long_lived = models.BooleanField(null=True, editable=False)

    objects = TokenRecordQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        indexes = (
            models.Index(fields=["bot", "-number"], name="tokens_of_a_bot"),
            # How many a bot holds, and those of a credential among them.
            models.Index(fields=["bot", "expires_at"], name="tokens_of_a_bot_by_end"),
            models.Index(fields=["expires_at"], condition=Q(long_lived=True), name="long_tokens_by_end"),
            models.Index(fields=["number"], condition=Q(expires_at=None), name="endless_tokens"),
        )
        constraints = (models.UniqueConstraint(fields=["jti"], name="one_token_a_jti"),)

    def __str__(self) -> str:
        return self.jti

    @property
    def revoked_at(self) -> datetime | None:
        return self.revocation.at if hasattr(self, "revocation") else None

    @property
    def revoked_by(self) -> str:
        return self.revocation.by if hasattr(self, "revocation") else ""


class Revocation(models.Model):
    """
    When a token was revoked, and by whom; the first time counts.

    A row of its own, because a record that was changed would be written anew with all its indexes. It says whose token
    it was and when that ends, so that they are counted without their records.
    """

    record = models.OneToOneField(
        TokenRecord, primary_key=True, on_delete=models.CASCADE, db_constraint=False
    )
    bot = models.ForeignKey(
        Bot, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    expires_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=300)

    class Meta:
        indexes = (models.Index(fields=["bot", "expires_at"], name="revocations_of_a_bot_by_end"),)
        constraints = (models.CheckConstraint(condition=~Q(by=""), name="a_revocation_has_a_revoker"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} by {self.by}"


class StatusList(models.Model):
    """
    One list of the status of as many tokens as it has places (IETF Token Status List).

    `number` is the list's place in the row of lists: a token's own number says in which list it is. `seed` is the key
    of the permutation that turns the number into the index; it never changes, because the index is written into tokens.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True)
    seed = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return str(self.number)
