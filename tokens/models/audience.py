"""An API that trusts the console's tokens."""

from django.core.validators import MinValueValidator
from django.db import models


class AudienceQuerySet(models.QuerySet["Audience"]):
    def enabled(self) -> "AudienceQuerySet":
        return self.filter(disabled_at=None)


class Audience(models.Model):
    """
    One API, named by the URI that its tokens carry in `aud`.

    `scopes` is a list of scope tokens (RFC 6749 section 3.3); lifetimes are seconds, and no longest lifetime means
    that tokens without an end may be issued.
    """

    class Profile(models.TextChoices):
        RFC9068 = "rfc9068", "RFC 9068 (at+jwt)"
        OPENMETADATA = "openmetadata", "OpenMetadata bot token"

    class Algorithm(models.TextChoices):
        ES256 = "ES256", "ES256"
        RS256 = "RS256", "RS256"
        EDDSA = "EdDSA", "EdDSA"

    identifier = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list, blank=True)
    profile = models.CharField(max_length=16, choices=Profile, default=Profile.RFC9068)
    signing_alg = models.CharField(
        "signing algorithm", max_length=8, choices=Algorithm, default=Algorithm.ES256
    )
    token_lifetime = models.PositiveIntegerField(default=3600, validators=[MinValueValidator(1)])
    max_token_lifetime = models.PositiveIntegerField(
        null=True, blank=True, default=7_776_000, validators=[MinValueValidator(1)]
    )
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_by = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AudienceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "identifier")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(token_lifetime__gte=1), name="a_token_lives_for_a_second"
            ),
            models.CheckConstraint(
                condition=models.Q(max_token_lifetime=None)
                | models.Q(token_lifetime__lte=models.F("max_token_lifetime")),
                name="default_lifetime_is_within_the_longest",
            ),
        )

    def __str__(self) -> str:
        return self.name
