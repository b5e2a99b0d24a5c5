"""A signed-in browser, and the logout tokens that have been used."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from providers.models.provider import Provider
from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.encryption.keyring import DecryptionFailed

# `last_seen_at` is written no more often, so that it may be older than the last request by this.
SEEN_EVERY = timedelta(minutes=1)
LONGEST_ACR = 255
LONGEST_HINT = 4096  # characters; whole URLs longer than 8,000 are refused by some servers


def idle_before(at: datetime) -> datetime | None:
    """Return the moment since which a session must have been used, at the latest; None where no idleness ends one."""
    minutes: int = settings.SESSION_IDLE_MINUTES
    return at - timedelta(minutes=minutes) - SEEN_EVERY if minutes else None


class ConsoleSessionQuerySet(models.QuerySet["ConsoleSession"]):
    def live(self, *, at: datetime) -> "ConsoleSessionQuerySet":
        """
        Sessions that still count.

        Not ended, not past their time, not idle for too long, of an enabled provider and an active user.
        """
        live = self.filter(ended_at=None, expires_at__gt=at, provider__enabled=True, user__is_active=True)
        since = idle_before(at)
        return live.filter(last_seen_at__gt=since) if since else live

    def idle(self, *, at: datetime) -> "ConsoleSessionQuerySet":
        """Sessions that would go on if somebody had used them."""
        since = idle_before(at)
        unended = self.filter(ended_at=None, expires_at__gt=at)
        return unended.filter(last_seen_at__lte=since) if since else self.none()


class ConsoleSession(models.Model):
    """
    One browser signed in through one provider.

    The browser's own session only names this row; ending the row ends it at the next request, whatever the
    session store. `checked_at` is when the provider has last vouched for it, `check_started_at` when it was asked
    and has not answered yet. `sid` is the provider's session id (OpenID Connect Back-Channel Logout 1.0 section 2.1).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="console_sessions"
    )
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="console_sessions")
    sub = models.CharField(max_length=255)
    sid = models.CharField(max_length=255, blank=True)
    # How the provider says that the person has authenticated (OpenID Connect Core 1.0 section 2).
    acr = models.CharField(max_length=LONGEST_ACR, blank=True, default="", db_default="")
    amr = models.JSONField(null=True)
    id_token = EncryptedTextField(null=True, blank=True)
    refresh_token = EncryptedTextField(null=True, blank=True)

    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    check_started_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=255, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=300, blank=True)

    objects = ConsoleSessionQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        indexes = (
            models.Index(fields=["-started_at"], name="sessions_by_start"),
            models.Index(fields=["expires_at"], name="sessions_by_end"),
            models.Index(
                fields=["ended_at"], condition=Q(ended_at__isnull=False), name="ended_sessions_by_end"
            ),
            models.Index(
                fields=["user", "-started_at"], condition=Q(ended_at=None), name="live_sessions_of_a_user"
            ),
            models.Index(fields=["provider", "sub"], name="sessions_of_a_subject"),
            models.Index(fields=["provider", "sid"], name="sessions_of_a_sid"),
        )

    def __str__(self) -> str:
        return f"{self.user} through {self.provider}"

    @property
    def authentication(self) -> dict[str, Any]:
        """`acr` and `amr` as the claims of an ID token have them."""
        return {"acr": self.acr or None, "amr": self.amr}

    @property
    def id_token_hint(self) -> str | None:
        """
        The ID token as a parameter of an address that leads to the provider.

        None without one, where it is too long for an address, and when its key has left the ring: signing out must
        always work, and a hint is never needed.
        """
        try:
            hint = self.id_token
        except DecryptionFailed:
            return None
        return hint if hint and len(hint) <= LONGEST_HINT else None


class SpentLogoutToken(models.Model):
    """
    A logout token counts once (OpenID Connect Back-Channel Logout 1.0 section 2.6, step 8).

    `jti_hash` is hex SHA-256. The row is what makes two that arrive at once one, in whatever process; after
    `expires_at` the token is refused for its age, and the row may go.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    jti_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["provider", "jti_hash"], name="one_use_per_logout_token"),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.jti_hash[:8]}"
