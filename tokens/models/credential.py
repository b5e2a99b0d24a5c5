"""How a bot proves itself, and the client assertions that have been used."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Expression, Q

from tokens.models.bot import Bot


class CredentialQuerySet(models.QuerySet["Credential"]):
    def live(self, *, at: datetime | Expression) -> "CredentialQuerySet":
        """Neither retired nor past their time."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), retired_at=None)

    def ending_between(self, start: datetime, end: datetime) -> "CredentialQuerySet":
        """Live credentials of bots that are enabled which end then, the first to end first."""
        ending = self.filter(retired_at=None, expires_at__gt=start, expires_at__lte=end)
        return ending.filter(bot__disabled_at=None).order_by("expires_at")

    def client_secrets(self) -> "CredentialQuerySet":
        return self.filter(kind=Credential.Kind.CLIENT_SECRET)

    def lasting_secrets(self, *, at: datetime) -> "CredentialQuerySet":
        """Client secrets that can be used, or could be once their bot is enabled again."""
        return self.client_secrets().live(at=at).filter(bot__retired_at=None)


class Credential(models.Model):
    """
    One way for one bot to prove itself; several may be live at once.

    Of a client secret only `secret_hash` is kept, a keyed hash `<key id>.<hex HMAC-SHA-256>`; `hint` is its first
    and last characters. `public_keys` is a JWKS document or `jwks_uri` names where it is. `trust` is the rule of a
    workload federation: {"issuer", "audience", "subject", "claims"}.
    """

    class Kind(models.TextChoices):
        CLIENT_SECRET = "client_secret", "client secret"
        PUBLIC_KEYS = "public_keys", "public keys"
        FEDERATION = "federation", "workload federation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.CLIENT_SECRET)
    label = models.CharField(max_length=100, blank=True)
    secret_hash = models.CharField(max_length=128, null=True, unique=True, editable=False)  # noqa: DJ001
    hint = models.CharField(max_length=32, blank=True, editable=False)
    public_keys = models.JSONField(null=True, blank=True)
    jwks_uri = models.CharField(max_length=512, blank=True)
    trust = models.JSONField(null=True, blank=True)
    # Days without use after which `cleanup` retires it; empty for never.
    retire_after_unused_days = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=300, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    retired_by = models.CharField(max_length=300, blank=True, editable=False)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["-created_at"], name="credentials_by_age"),
            models.Index(
                fields=["id"],
                condition=Q(retire_after_unused_days__isnull=False, retired_at=None),
                name="credentials_that_retire",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, retired_at=None),
                name="credentials_by_end",
            ),
            models.Index(
                fields=["-created_at"],
                condition=Q(expires_at=None, retired_at=None),
                name="endless_credentials_by_age",
            ),
            models.Index(
                fields=["-created_at"],
                condition=Q(retired_at__isnull=False),
                name="retired_credentials_by_age",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind="client_secret") | Q(secret_hash__isnull=False),
                name="a_client_secret_has_a_hash",
            ),
        )

    def __str__(self) -> str:
        return self.label or self.hint or str(self.id)

    @property
    def hash_key_id(self) -> str:
        """The id of the ring's key that a client secret is hashed under; empty for other kinds."""
        return (self.secret_hash or "").partition(".")[0]


class SpentAssertion(models.Model):
    """
    A client assertion counts once (RFC 7523 section 3, `jti`).

    `jti_hash` is hex SHA-256 of issuer and `jti`. The row is what makes two uses at once one, in whatever process;
    after `expires_at` the assertion is refused for its age, and the row may go.
    """

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="+")
    jti_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["bot", "jti_hash"], name="one_use_per_assertion"),)

    def __str__(self) -> str:
        return f"{self.bot} {self.jti_hash[:8]}"
