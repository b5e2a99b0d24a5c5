"""Client assertions that have been used."""

from django.db import models

from tokens.models.bot import Bot


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
