"""What a provider publishes otherwise than before: documents that wait for a person, and its earlier keys."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from providers.models.provider import Provider


class DriftQuerySet(models.QuerySet["DiscoveryDrift"]):
    def undecided(self) -> "DriftQuerySet":
        return self.filter(decided_at=None)

    def refused(self) -> "DriftQuerySet":
        return self.filter(decision=DiscoveryDrift.Decision.REFUSED)

    def never_decided(self) -> "DriftQuerySet":
        """Those that were over before anybody decided: no record of what a person did."""
        over = (DiscoveryDrift.Decision.SUPERSEDED, DiscoveryDrift.Decision.WITHDRAWN)
        return self.filter(decision__in=over)

    def decide(self, decision: str, *, by: str, at: datetime) -> int:
        """Decide what is undecided among these; how many: of two who decide at once, one does."""
        return self.undecided().update(decision=decision, decided_by=by[:300], decided_at=at)


class DiscoveryDrift(models.Model):
    """
    A discovery document that names another issuer or other endpoints than the one that is used.

    It is not used before a person adopts it. `changes` is {member: {"before", "after"}} of what he decides about;
    `seen_at` is when the provider last showed it.
    """

    class Decision(models.TextChoices):
        NONE = "", "undecided"
        ADOPTED = "adopted", "adopted"
        REFUSED = "refused", "refused"
        SUPERSEDED = "superseded", "superseded by another change"
        WITHDRAWN = "withdrawn", "withdrawn by the provider"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="drifts")
    document = models.JSONField()
    changes = models.JSONField()
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    decision = models.CharField(max_length=16, choices=Decision, default=Decision.NONE, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=300, blank=True)

    objects = DriftQuerySet.as_manager()

    class Meta:
        ordering = ("-found_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["provider"], condition=Q(decided_at=None), name="one_undecided_drift_per_provider"
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.found_at:%Y-%m-%d %H:%M}"

    def side(self, name: str) -> dict[str, Any]:
        """The members that differ as they were (`before`) or are shown now (`after`)."""
        return {member: change[name] for member, change in self.changes.items()}


class JwksVersion(models.Model):
    """The public keys of a provider as they were fetched; kept whenever they differ from the ones before."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="jwks_versions")
    document = models.JSONField()
    fetched_at = models.DateTimeField()

    class Meta:
        ordering = ("-fetched_at",)

    def __str__(self) -> str:
        return f"{self.provider} {self.fetched_at:%Y-%m-%d %H:%M}"
