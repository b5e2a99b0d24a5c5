"""What a person has because of a provider's rules, and would not have without them."""

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from providers.models.identity import Identity


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
