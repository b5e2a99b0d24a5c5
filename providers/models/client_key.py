"""The console's own keys towards a provider (private_key_jwt)."""

import uuid

from django.db import models
from django.db.models import Q

from providers.models.provider import Provider
from ssoconsole.platform.encryption.field import EncryptedTextField


class ClientKeyQuerySet(models.QuerySet["ClientKey"]):
    def signing(self) -> "ClientKeyQuerySet":
        return self.filter(signing_from__isnull=False, retired_at=None)

    def published(self) -> "ClientKeyQuerySet":
        """Keys that the provider has to know: the one that signs, the next one, and those just retired."""
        return self.order_by("created_at", "kid")


class ClientKey(models.Model):
    """
    One key by which the console proves at one provider that it is the client (OpenID Connect Core 1.0 section 9).

    Published from `created_at`, signing from `signing_from`, still published after `retired_at` until it is deleted,
    so that a provider that keeps a copy of the set never misses one. `kid` is the RFC 7638 thumbprint of
    `public_jwk`; `private_key` is PKCS#8 PEM, encrypted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="client_keys")
    kid = models.CharField(max_length=255, unique=True)
    alg = models.CharField("algorithm", max_length=8)
    public_jwk = models.JSONField()
    private_key = EncryptedTextField()
    # For whom it signs (`providers.protocol.claims`): an issuer, then origins.
    made_for = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    signing_from = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    objects = ClientKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["provider"],
                condition=Q(signing_from__isnull=False, retired_at=None),
                name="one_signing_client_key_per_provider",
            ),
        )

    def __str__(self) -> str:
        return self.kid
