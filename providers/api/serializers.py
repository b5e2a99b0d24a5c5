"""The bodies about providers: the configuration file's keys. Rules of the domain are the registration's."""

from typing import Any

from rest_framework import serializers

from providers.kinds import all_kinds
from providers.models import Provider
from providers.registration.fields import FIELDS, SESSION
from ssoconsole.platform.rest import StrictSerializer

LARGEST = 2**31 - 1


def kind_names() -> list[tuple[str, str]]:
    return [(kind.key, kind.name) for kind in all_kinds().values()]


def text_list() -> "serializers.ListField":
    text = serializers.CharField(max_length=255, trim_whitespace=False)
    return serializers.ListField(child=text, required=False)


def parameters() -> "serializers.DictField":
    text = serializers.CharField(max_length=1000, allow_blank=True, trim_whitespace=False)
    return serializers.DictField(child=text, required=False)


class GroupRuleSerializer(StrictSerializer):
    claim_value = serializers.CharField(max_length=255, trim_whitespace=False)
    group = serializers.CharField(max_length=150, trim_whitespace=False)


class SessionSerializer(StrictSerializer):
    """`refresh` is how sessions are checked again; times are seconds."""

    lifetime = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False)
    refresh = serializers.ChoiceField(choices=Provider.Refresh.choices, required=False)
    check_every = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False)


class ProviderSerializer(StrictSerializer):
    """
    One registration. The secret goes in and never comes out: `has_client_secret` tells whether there is one.

    Texts are taken as they are: a blank at the end is a mistake to be told, not to be tidied away.
    """

    slug = serializers.CharField(max_length=63, trim_whitespace=False)
    kind = serializers.ChoiceField(choices=kind_names(), required=False)
    name = serializers.CharField(max_length=100, trim_whitespace=False, required=False)
    icon = serializers.CharField(max_length=32, allow_blank=True, trim_whitespace=False, required=False)
    order = serializers.IntegerField(min_value=-LARGEST, max_value=LARGEST, required=False)
    issuer = serializers.CharField(max_length=512, trim_whitespace=False, required=False)
    client_id = serializers.CharField(max_length=255, trim_whitespace=False)
    client_secret = serializers.CharField(
        max_length=4096, trim_whitespace=False, required=False, allow_null=True, write_only=True
    )
    has_client_secret = serializers.BooleanField(read_only=True)
    client_secret_expires_at = serializers.DateTimeField(required=False, allow_null=True)
    token_endpoint_auth_method = serializers.ChoiceField(
        choices=Provider.ClientAuthentication.choices, required=False
    )
    assertion_audience = serializers.ChoiceField(choices=Provider.AssertionAudience.choices, required=False)
    pushed_authorization = serializers.BooleanField(required=False)
    response_type = serializers.ChoiceField(choices=Provider.ResponseType.choices, required=False)
    scopes = text_list()
    pkce = serializers.BooleanField(required=False)
    signing_algs = text_list()
    leeway = serializers.IntegerField(min_value=0, max_value=300, required=False)
    max_age = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False, allow_null=True)
    prompt = serializers.CharField(max_length=64, allow_null=True, allow_blank=True, required=False)
    acr_values = text_list()
    required_acr = text_list()
    required_amr = text_list()
    admin_required_acr = text_list()
    admin_required_amr = text_list()
    extra_params = parameters()
    callback = serializers.ChoiceField(choices=Provider.Callback.choices, required=False)
    trusted_audiences = text_list()
    userinfo = serializers.ChoiceField(choices=Provider.Userinfo.choices, required=False)
    signout_params = parameters()
    principal_claims = text_list()
    mapping = serializers.DictField(
        child=serializers.CharField(max_length=255, allow_blank=True), required=False
    )
    group_rules = GroupRuleSerializer(many=True, required=False)
    admin_principals = text_list()
    allowed_email_domains = text_list()
    self_signup = serializers.BooleanField(required=False)
    link_by_verified_email = serializers.BooleanField(required=False)
    session = SessionSerializer(required=False)
    enabled = serializers.BooleanField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """With what single kinds read instead of the issuer, such as OneLogin's subdomain."""
        fields = super().get_fields()
        for kind in all_kinds().values():
            for name, help_text in kind.extra_fields.items():
                fields[name] = serializers.CharField(
                    max_length=512, required=False, write_only=True, help_text=f"{kind.name}: {help_text}"
                )
        return fields

    def to_representation(self, provider: Provider) -> dict[str, Any]:
        """Tell a registration in the file's keys, in the file's order."""
        told: dict[str, Any] = {"slug": provider.slug}
        for name in FIELDS:
            if name == "client_secret":
                told["has_client_secret"] = provider.has_secret
            else:
                told[name] = getattr(provider, name)
        told["prompt"] = provider.prompt or None
        told["session"] = {name: getattr(provider, f"session_{name}") for name in SESSION}
        told["enabled"] = provider.enabled
        return told


class ProviderChangeSerializer(ProviderSerializer):
    """What may be changed; a slug stays, because it is part of the addresses that the provider knows."""

    client_id = serializers.CharField(max_length=255, trim_whitespace=False, required=False)
    anyway = serializers.BooleanField(
        required=False, write_only=True, help_text="Save without a rehearsal what could lock people out."
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        del fields["slug"]
        return fields


class SavedProviderSerializer(ProviderSerializer):
    """The answer to a write, with what is allowed and should be known."""

    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)

    def to_representation(self, provider: Provider) -> dict[str, Any]:
        return {**super().to_representation(provider), "warnings": self.context.get("warnings", [])}
