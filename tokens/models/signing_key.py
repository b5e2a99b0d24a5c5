"""
The keys that sign bot tokens, and keys that others publish.

Others are a bot, at its `jwks_uri`, and a workload platform, at its issuer.
"""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from ssoconsole.platform.encryption.field import EncryptedTextField


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    def signing(self) -> "SigningKeyQuerySet":
        return self.filter(signing_from__isnull=False, retired_at=None, compromised_at=None)

    def waiting(self) -> "SigningKeyQuerySet":
        """Keys that are published and will sign; the one that is next comes first."""
        idle = self.filter(signing_from=None, retired_at=None, compromised_at=None)
        return idle.order_by("created_at", "kid")

    def verifying(self, *, at: datetime) -> "SigningKeyQuerySet":
        """Keys whose signatures still count, and which are therefore published."""
        return self.filter(Q(verify_until=None) | Q(verify_until__gt=at), compromised_at=None)


class SigningKey(models.Model):
    """
    One signing key and its life: published → signing → retired → gone, or compromised.

    Every state is a time: published since `created_at`, signing since `signing_from`, verifying after `retired_at`
    until `verify_until`. `kid` is the RFC 7638 thumbprint of `public_jwk`, or what an imported key was called before;
    `private_key` is PKCS#8 PEM, encrypted, and empty once the key signs no more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kid = models.CharField(max_length=255, unique=True)
    alg = models.CharField("algorithm", max_length=8)
    public_jwk = models.JSONField()
    private_key = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True)
    signing_from = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    verify_until = models.DateTimeField(null=True)
    compromised_at = models.DateTimeField(null=True)

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["alg"],
                condition=Q(signing_from__isnull=False, retired_at=None, compromised_at=None),
                name="one_signing_key_per_algorithm",
            ),
        )

    def __str__(self) -> str:
        return self.kid

    def state(self, *, at: datetime) -> str:
        """One of compromised, gone, retired, signing, published."""
        if self.compromised_at:
            return "compromised"
        if self.verify_until and self.verify_until <= at:
            return "gone"
        if self.retired_at:
            return "retired"
        return "signing" if self.signing_from else "published"


class RemoteKeys(models.Model):
    """
    The last good copy of a key set.

    `source` is the address of the set itself or, for a workload platform, its issuer; then `jwks_uri` is where its
    discovery document says the set is.
    """

    source = models.CharField(max_length=512, unique=True)
    jwks_uri = models.CharField(max_length=512, blank=True)
    jwks = models.JSONField()
    fetched_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "remote keys"

    def __str__(self) -> str:
        return self.source
