"""
A registered identity provider, the discovery documents it has shown, and the versions of its registration.

Lists and maps of texts have column types of their own: the class says what forms, API and file make of each. The
console's own keys towards a provider (private_key_jwt) stand beside it.
"""

import json
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.errors import DomainError

# Stands where the secret was that no key opened when the version was written; no text is ever this.
LOST = {"lost": True}

# What a registration is not: what its provider publishes, and what the console keeps about the row itself.
NOT_CONFIGURATION = frozenset(
    {
        "id",
        "discovery",
        "discovery_fetched_at",
        "jwks",
        "jwks_fetched_at",
        "trial_ends_at",
        "trial_baseline",
        "risky_change_at",
        "discovery_failing_since",
        "jwks_failing_since",
        "tls_not_after",
        "created_at",
        "updated_at",
    }
)


class VersionUnusable(DomainError):
    """This version of the provider cannot be read any more."""

    code = "version_unusable"


class Unreadable(Enum):
    """Stands for a secret that is there and does not open."""

    UNREADABLE = "unreadable"


UNREADABLE: Final = Unreadable.UNREADABLE


class StructureColumn(models.JSONField):
    """
    JSON of one shape, which the registration's rules judge (`providers.registration.shapes`).

    To the database and to migrations it is JSON like any other, and the words of its help are not theirs.
    """

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        kwargs.pop("help_text", None)
        return name, "django.db.models.JSONField", args, kwargs


class TextList(StructureColumn):
    """A list of texts."""


class TextMap(StructureColumn):
    """A map from text to text."""


class GroupRules(StructureColumn):
    """A list of rules from a value of the groups claim to a group."""


def default_scopes() -> list[str]:
    return ["openid", "email", "profile"]


def default_signing_algs() -> list[str]:
    return ["RS256"]


def default_principal_claims() -> list[str]:
    return ["email", "preferred_username", "sub"]


def default_mapping() -> dict[str, str]:
    return {"email": "email", "name": "name", "groups": "groups"}


class ProviderQuerySet(models.QuerySet["Provider"]):
    def enabled(self) -> "ProviderQuerySet":
        return self.filter(enabled=True)

    def past_trial(self, *, at: datetime) -> "ProviderQuerySet":
        """Those whose configuration was on trial, was not confirmed in time, and still stands."""
        return self.filter(trial_ends_at__lte=at)

    def drafts(self) -> "ProviderQuerySet":
        """Those that are off and have let nobody in as they are: made so, or changed in a risky field since."""
        off = self.filter(enabled=False, risky_change_at__isnull=False)
        return off.exclude(identities__last_signed_in_at__gt=models.F("risky_change_at"))

    def in_order(self) -> "ProviderQuerySet":
        return self.order_by("order", "name", "slug")

    def named(self, slug: str) -> "Provider | None":
        """Return the provider of this name; once a trial of another name is over, it has the one from before."""
        found = next(iter(self.filter(slug=slug).order_by()), None)  # `first` would put the one in order
        if found is not None and found.slug == slug:
            return found
        overdue = self.past_trial(at=timezone.now())
        return next((provider for provider in overdue if provider.slug == slug), None)


class Provider(models.Model):
    """
    One registration at one OpenID Provider.

    Durations are seconds. `discovery` is the stored metadata document (OpenID Connect Discovery 1.0 section 3) and
    `jwks` the last good copy of the keys at its `jwks_uri`; both change only through services.
    """

    class ClientAuthentication(models.TextChoices):
        NONE = "none", "none (public client, PKCE)"
        BASIC = "client_secret_basic", "client_secret_basic"
        POST = "client_secret_post", "client_secret_post"
        SECRET_JWT = "client_secret_jwt", "client_secret_jwt"
        PRIVATE_KEY_JWT = "private_key_jwt", "private_key_jwt"

    class AssertionAudience(models.TextChoices):
        ISSUER = "issuer", "the issuer"
        TOKEN_ENDPOINT = "token_endpoint", "the token endpoint (older providers)"

    class ResponseType(models.TextChoices):
        CODE = "code", "code"
        ID_TOKEN = "id_token", "id_token (implicit by form_post, legacy)"

    class Callback(models.TextChoices):
        DEDICATED = "dedicated", "dedicated: /callback/<slug>"
        SHARED = "shared", "shared: /callback"

    class Userinfo(models.TextChoices):
        ALWAYS = "always", "always"
        WHEN_NEEDED = "when_needed", "only for mapped claims that the ID token lacks"
        NEVER = "never", "never"

    class Refresh(models.TextChoices):
        NONE = "none", "none"
        PROMPT_NONE = "prompt_none", "prompt=none"
        REFRESH_TOKEN = "refresh_token", "refresh token"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z", "Lower-case letters, digits and inner hyphens."
            )
        ],
    )
    kind = models.CharField(max_length=32, default="custom-oidc")
    name = models.CharField(max_length=100)
    icon = models.CharField(max_length=32, blank=True)
    order = models.IntegerField(default=100)
    enabled = models.BooleanField(default=True)

    issuer = models.CharField(max_length=512)
    discovery = models.JSONField(null=True, editable=False)
    discovery_fetched_at = models.DateTimeField(null=True, editable=False)
    jwks = models.JSONField(null=True, editable=False)
    jwks_fetched_at = models.DateTimeField(null=True, editable=False)
    # Since when the watch cannot read them, and the end of the certificate of the issuer's host as it last saw it.
    discovery_failing_since = models.DateTimeField(null=True, editable=False)
    jwks_failing_since = models.DateTimeField(null=True, editable=False)
    tls_not_after = models.DateTimeField(null=True, editable=False, db_index=True)

    client_id = models.CharField("client ID", max_length=255)
    client_secret = EncryptedTextField(null=True, blank=True)
    # Whom it was entered for (`providers.protocol.claims`): an issuer, then origins; empty for nobody.
    client_secret_for = models.JSONField(default=list, editable=False)
    client_secret_expires_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="In UTC; when the provider stops taking the client secret, if it does.",
    )
    token_endpoint_auth_method = models.CharField(
        max_length=32, choices=ClientAuthentication, default=ClientAuthentication.BASIC
    )
    assertion_audience = models.CharField(
        max_length=16, choices=AssertionAudience, default=AssertionAudience.ISSUER
    )
    pushed_authorization = models.BooleanField("pushed authorization requests", default=True)
    response_type = models.CharField(max_length=16, choices=ResponseType, default=ResponseType.CODE)
    scopes = TextList(default=default_scopes, help_text="One a line; openid is always among them.")
    pkce = models.BooleanField("PKCE", default=True)
    signing_algs = TextList(
        "signing algorithms",
        default=default_signing_algs,
        help_text="Accepted for ID tokens, logout tokens and signed userinfo; one a line, such as RS256.",
    )
    leeway = models.PositiveSmallIntegerField(default=60, validators=[MaxValueValidator(300)])
    max_age = models.PositiveIntegerField(null=True, blank=True)
    prompt = models.CharField(max_length=64, blank=True)
    acr_values = TextList(
        "ACR values",
        default=list,
        blank=True,
        help_text="Authentication contexts to ask for, the preferred one first, one a line "
        "(OpenID Connect Core 1.0 section 3.1.2.1).",
    )
    required_acr = TextList(
        "required ACR",
        default=list,
        blank=True,
        help_text="To enter, one of these must come back in acr; one a line, empty for no demand.",
    )
    required_amr = TextList(
        "required AMR",
        default=list,
        blank=True,
        help_text="To enter, all of these must come back in amr, such as mfa; one a line (RFC 8176).",
    )
    admin_required_acr = TextList(
        "required ACR of administrators",
        default=list,
        blank=True,
        help_text="To administer, one of these must come back in acr.",
    )
    admin_required_amr = TextList(
        "required AMR of administrators",
        default=list,
        blank=True,
        help_text="To administer, all of these must come back in amr, such as mfa.",
    )
    extra_params = TextMap(
        "extra parameters",
        default=dict,
        blank=True,
        help_text="Sent with every authorization request, “name: value” a line; not what the flow sets.",
    )
    callback = models.CharField(max_length=16, choices=Callback, default=Callback.DEDICATED)
    trusted_audiences = TextList(
        default=list,
        blank=True,
        help_text="Members that the ID token's aud may hold beside the client ID, one a line "
        "(OpenID Connect Core 1.0 section 3.1.3.7).",
    )
    userinfo = models.CharField(
        max_length=16,
        choices=Userinfo,
        default=Userinfo.ALWAYS,
        help_text="When to ask the userinfo endpoint for claims.",
    )
    signout_params = TextMap(
        "sign-out parameters",
        default=dict,
        blank=True,
        help_text="Added to the provider's sign-out address, “name: value” a line; {client_id} and "
        "{post_logout_redirect_uri} are filled in.",
    )

    principal_claims = TextList(
        default=default_principal_claims,
        help_text="The first of these claims that is present names the user.",
    )
    mapping = TextMap(
        default=default_mapping,
        blank=True,
        help_text="“field: claim path” a line, dotted into nested claims: “groups: realm_access.roles”. "
        "The fields are email, email_verified, name and groups; groups takes several paths between commas.",
    )
    group_rules = GroupRules(default=list, blank=True, help_text="“claim value => group” a line.")
    admin_principals = TextList(
        default=list,
        blank=True,
        help_text="Who administers this console, one a line, exactly as claimed.",
    )
    allowed_email_domains = TextList(
        default=list,
        blank=True,
        help_text="One a line, exact; empty lets in everybody whom the provider vouches for.",
    )
    self_signup = models.BooleanField(default=True)
    link_by_verified_email = models.BooleanField(default=False)

    session_lifetime = models.PositiveIntegerField(
        default=28_800, validators=[MinValueValidator(60), MaxValueValidator(2_592_000)]
    )
    session_refresh = models.CharField(max_length=16, choices=Refresh, default=Refresh.NONE)
    session_check_every = models.PositiveIntegerField(default=900, validators=[MinValueValidator(30)])

    # On trial (`providers.registration.rolling_back`): until when, and the number of the version that comes back then.
    trial_ends_at = models.DateTimeField(null=True, editable=False)
    trial_baseline = models.PositiveIntegerField(null=True, editable=False)
    # When a field of `registration.cautions.RISKY` has last changed, or when it was registered as a draft; what it was
    # registered with otherwise is no change.
    risky_change_at = models.DateTimeField(null=True, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # On a copy that a rehearsal runs through, the rehearsal's key: nothing that is learnt by it is kept.
    rehearsed_in: uuid.UUID | None = None
    # Whether the secret on this copy was entered just now, for the issuer that it is going to be saved with.
    secret_is_entered: bool = False

    # Whether the row held, when it was read, what was on trial until its time was over: this has what was before.
    was_overdue: bool = False

    objects = ProviderQuerySet.as_manager()

    if TYPE_CHECKING:
        client_secret_envelope: str | None

    class Meta:
        ordering = ("order", "name", "slug")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(leeway__lte=300), name="leeway_is_at_most_five_minutes"
            ),
            models.CheckConstraint(
                condition=models.Q(trial_ends_at=None, trial_baseline=None)
                | models.Q(trial_ends_at__isnull=False, trial_baseline__isnull=False),
                name="a_trial_has_a_version_to_return_to",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any
    ) -> "Provider":
        """
        The registration in force, whoever reads it: once a trial is over, the one from before it.

        Nothing is written by that. Whoever acts by it rolls the row back (`providers.registration.rolling_back`).
        """
        provider = super().from_db(db, field_names, values, **more)
        ends_at = vars(provider).get("trial_ends_at")
        if ends_at is not None and ends_at <= timezone.now():
            provider._show_what_was_before(ends_at)
        return provider

    def _show_what_was_before(self, ends_at: datetime) -> None:
        before, issuer = self.versions.filter(number=self.trial_baseline or 0), self.issuer
        self.trial_ends_at = self.trial_baseline = None
        self.updated_at, self.was_overdue = ends_at, True
        try:
            put_registration(before.get(), on=self)
        except (ProviderVersion.DoesNotExist, VersionUnusable):  # what nobody has confirmed must not go on
            self.enabled = False
        if self.issuer != issuer:
            self.put_known_metadata()

    def put_known_metadata(self) -> None:
        """Put the last document that this issuer has shown on the row, which is not saved; None where there is none."""
        known = self.discovery_versions.filter(document__issuer=self.issuer).first()
        self.discovery, self.discovery_fetched_at = (
            (known.document, known.fetched_at) if known else (None, None)
        )
        self.jwks = self.jwks_fetched_at = None

    def endpoint(self, name: str) -> str | None:
        """A value of the stored discovery document, such as `token_endpoint`; None when it names none."""
        value = (self.discovery or {}).get(name)
        return value if isinstance(value, str) and value else None

    @property
    def has_secret(self) -> bool:
        """Whether there is a secret, if a key of the ring opens it or not."""
        return bool(self.client_secret_envelope)

    @property
    def is_public_client(self) -> bool:
        return self.token_endpoint_auth_method == self.ClientAuthentication.NONE

    @property
    def callback_path(self) -> str:
        return "/callback" if self.callback == self.Callback.SHARED else f"/callback/{self.slug}"

    @property
    def redirect_uri(self) -> str:
        return f"{settings.BASE_URL}{self.callback_path}"

    @property
    def jwks_url(self) -> str:
        """Where the provider finds the keys by which the console proves who it is."""
        return f"{settings.BASE_URL}/providers/{self.slug}/jwks.json"


def readable_secret(provider: Provider) -> str | Unreadable | None:
    """Return the secret, None without one, UNREADABLE when no key of the ring opens it."""
    try:
        secret: str | None = provider.client_secret
    except DecryptionFailed:
        return UNREADABLE
    return secret or None


def is_same_secret(one: Provider, other: Provider) -> bool:
    """Tell whether two states of a row have the same secret, or both have one that no key of the ring opens."""
    same = one.client_secret_envelope == other.client_secret_envelope  # nothing has to be opened
    return same or readable_secret(one) == readable_secret(other)


class DiscoveryVersion(models.Model):
    """One discovery document as it was fetched; kept whenever it differs from the one before."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="discovery_versions")
    document = models.JSONField()
    fetched_at = models.DateTimeField()

    class Meta:
        ordering = ("-fetched_at",)

    def __str__(self) -> str:
        return f"{self.provider} {self.fetched_at:%Y-%m-%d %H:%M}"


class ProviderVersion(models.Model):
    """
    One registration as it was saved; never changed, and dropped with the provider or by `cleanup`.

    `number` counts from 1 per provider. `changed` names the fields that differ from the version before.
    `configuration` is the whole of it as JSON, client secret and all, and therefore encrypted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=300)
    changed = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)
    configuration = EncryptedTextField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=["provider", "number"], name="one_version_per_number"),)

    def __str__(self) -> str:
        return f"version {self.number}"


def configuration_in(version: ProviderVersion) -> dict[str, Any]:
    """Return what a version has kept. Raises VersionUnusable when no key of the ring opens it, or it is none."""
    try:
        return dict(json.loads(version.configuration))
    except DecryptionFailed:
        raise VersionUnusable(expected="a key that opens it", received=f"{version}, under another") from None
    except (TypeError, ValueError):
        raise VersionUnusable(expected="a configuration", received=f"{version}, which is none") from None


def put_registration(version: ProviderVersion, *, on: Provider) -> None:
    """
    Put the registration of `version` on a row, which is not saved.

    What later releases have added keeps its present value. Whether the provider is enabled does, too, unless the
    version says that it is not: nothing from the past lets people in whom somebody has shut out since.

    Raises VersionUnusable, and then has changed nothing.
    """
    kept = configuration_in(version)
    secret = kept.pop("client_secret", None)
    if secret == LOST:
        raise VersionUnusable(expected="its client secret", received="one that could not be decrypted then")
    takers: list[str] = kept.get("client_secret_for", [])
    # It was entered before any host was known, and has gone to those of the first metadata since.
    if (
        takers == on.client_secret_for[:1] == [kept.get("issuer")]
        and secret
        and secret == readable_secret(on)
    ):
        takers = on.client_secret_for
    enabled = on.enabled
    fields = [
        field for field in Provider._meta.concrete_fields if field.name in kept.keys() - NOT_CONFIGURATION
    ]
    try:
        values = {field.name: field.to_python(kept[field.name]) for field in fields}
    except ValidationError:
        raise VersionUnusable(expected="a configuration", received=f"{version}, which is none") from None
    for name, value in values.items():
        setattr(on, name, value)
    on.enabled = enabled and on.enabled
    # It comes back for those whom it was entered for then, and is not entered anew.
    on.client_secret, on.client_secret_for = secret or None, takers
    on.secret_is_entered = False


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
