"""Logout tokens that have been used."""

from django.db import models

from providers.models.provider import Provider


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
