"""The record of one issued JWT; never the JWT itself."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from tokens.models.audience import Audience
from tokens.models.bot import Bot
from tokens.models.credential import Credential
from tokens.models.signing_key import SigningKey


class TokenRecordQuerySet(models.QuerySet["TokenRecord"]):
    def live(self, *, at: datetime) -> "TokenRecordQuerySet":
        """
        Tokens that still count.

        The one place that says what ends a token: its own revocation or expiry, its bot disabled, its key
        compromised or gone, its audience withdrawn.
        """
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=at),
            Q(signing_key__verify_until=None) | Q(signing_key__verify_until__gt=at),
            revoked_at=None,
            bot__disabled_at=None,
            audience__disabled_at=None,
            signing_key__compromised_at=None,
        )


class TokenRecord(models.Model):
    """
    One issued JWT.

    The number (primary key) is what the index in a status list is derived from, so it is never reused. No `expires_at`
    means that the token has no end.
    """

    number = models.BigAutoField(primary_key=True)
    jti = models.CharField(max_length=64, unique=True)
    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="token_records")
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="token_records")
    credential = models.ForeignKey(
        Credential, null=True, on_delete=models.SET_NULL, related_name="token_records"
    )
    signing_key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="token_records")
    scopes = models.JSONField(default=list)
    roles = models.JSONField(default=list)
    label = models.CharField(max_length=100, blank=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=300)
    expires_at = models.DateTimeField(null=True, db_index=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=300, blank=True)

    objects = TokenRecordQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        indexes = (
            models.Index(fields=["bot", "-number"], name="tokens_of_a_bot"),
            models.Index(fields=["number"], condition=Q(revoked_at__isnull=False), name="revoked_tokens"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(revoked_at=None) | ~Q(revoked_by=""), name="a_revocation_has_a_revoker"
            ),
        )

    def __str__(self) -> str:
        return self.jti
