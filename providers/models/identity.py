"""One user at one provider."""

from django.conf import settings
from django.db import models

from providers.models.provider import Provider


class Identity(models.Model):
    """
    The person whom `provider` calls `sub`; compared byte for byte.

    The pair (provider row, `sub`) is the only key: whoever may register a provider could register a victim's issuer
    string with keys of his own, and an e-mail address is what a provider says, not who somebody is
    (OpenID Connect Core 1.0 section 5.7). `email` is the address that the provider has last verified for it, ""
    where it says nothing of the kind.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="identities")
    sub = models.CharField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    email = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_signed_in_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = (models.UniqueConstraint(fields=["provider", "sub"], name="one_identity_per_subject"),)

    def __str__(self) -> str:
        return f"{self.sub} at {self.provider}"
