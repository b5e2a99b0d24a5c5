"""One user at one provider, and the rights that he has only because of that provider's rules."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

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


class GivenRight(models.Model):
    """
    One right that `identity` has brought its user: membership of `group`, or administration where there is none.

    `reason` is what the rule was about: a claim value of `group_rules`, or a principal of `admin_principals`. What
    was given by hand has no row, and no rule takes it away.
    """

    identity = models.ForeignKey(Identity, on_delete=models.CASCADE, related_name="given_rights")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=255)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["identity", "group", "reason"], name="a_group_is_given_once"),
            models.UniqueConstraint(
                fields=["identity", "reason"], condition=Q(group=None), name="administration_is_given_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.group or 'administration'} by {self.reason}"
