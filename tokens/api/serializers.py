"""The bodies of the REST API, as the design lays them down; rules of the domain are the services'."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ssoconsole.platform.rest import StrictSerializer
from tokens.bots.grants import grants_shown
from tokens.models import Audience, Bot, Credential, TokenRecord


class GrantSerializer(StrictSerializer):
    audience = serializers.CharField(max_length=255, trim_whitespace=False)
    scopes = serializers.ListField(child=serializers.CharField(max_length=255), default=list)
    roles = serializers.ListField(child=serializers.CharField(max_length=100), default=list)


class BotSerializer(StrictSerializer):
    # Names are taken as they are: a space at the end is a mistake to be told, not to be tidied away.
    name = serializers.CharField(max_length=100, trim_whitespace=False)
    description = serializers.CharField(max_length=500, allow_blank=True, required=False)
    owner = serializers.CharField(max_length=255, allow_blank=True, required=False)
    disabled = serializers.BooleanField(required=False)
    allowed_networks = serializers.ListField(child=serializers.CharField(max_length=50), required=False)
    max_live_tokens = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    grants = GrantSerializer(many=True, required=False)
    created_at = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def to_representation(self, bot: Bot) -> dict[str, Any]:
        moments = {name: self.fields[name] for name in ("created_at", "last_used_at")}
        return {
            "name": bot.name,
            "description": bot.description,
            "owner": bot.owner,
            "disabled": bot.disabled_at is not None,
            "allowed_networks": bot.allowed_networks,
            "max_live_tokens": bot.max_live_tokens,
            "grants": grants_shown(bot),
            **{
                name: value and field.to_representation(value)
                for name, field in moments.items()
                for value in [getattr(bot, name, None)]
            },
        }


class BotChangeSerializer(BotSerializer):
    name = serializers.CharField(max_length=100, trim_whitespace=False, required=False)


class SecretSerializer(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    label = serializers.CharField(  # type: ignore[assignment]  # shadows Field.label, which no one reads here
        max_length=100, allow_blank=True, required=False
    )
    hint = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    retire_after_unused_days = serializers.IntegerField(write_only=True, required=False, allow_null=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_used_from = serializers.IPAddressField(read_only=True, allow_null=True)
    retired_at = serializers.DateTimeField(read_only=True, allow_null=True)


class NewSecretSerializer(serializers.ModelSerializer[Credential]):
    """The one answer that holds the secret."""

    client_secret = serializers.SerializerMethodField()

    class Meta:
        model = Credential
        fields = ("id", "label", "client_secret", "hint", "created_at", "expires_at")

    def get_client_secret(self, credential: Credential) -> str:
        return str(self.context["client_secret"])


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]})
class LifetimeField(serializers.Field[Any, Any, Any, Any]):
    """A number of seconds or one of the words; which of both is for the service to judge."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class TokenRequestSerializer(StrictSerializer):
    audience = serializers.CharField(max_length=255, required=False)
    scopes = serializers.ListField(child=serializers.CharField(max_length=255), required=False)
    lifetime = LifetimeField(required=False)
    label = serializers.CharField(  # type: ignore[assignment]  # shadows Field.label, which no one reads here
        max_length=100, allow_blank=True, required=False
    )


class TokenSerializer(serializers.ModelSerializer[TokenRecord]):
    audience = serializers.CharField(source="audience.identifier", read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)
    revoked_by = serializers.CharField(read_only=True)

    class Meta:
        model = TokenRecord
        fields = (
            "jti",
            "audience",
            "scopes",
            "label",
            "issued_at",
            "expires_at",
            "revoked_at",
            "revoked_by",
        )
        read_only_fields = fields


class NewTokenSerializer(TokenSerializer):
    """The one answer that holds the JWT."""

    token = serializers.SerializerMethodField()

    class Meta:
        model = TokenRecord
        fields = ("jti", "token", "audience", "scopes", "label", "issued_at", "expires_at")
        read_only_fields = fields

    def get_token(self, record: TokenRecord) -> str:
        return str(self.context["token"])


class RevokedSerializer(serializers.Serializer[Any]):
    revoked = serializers.IntegerField()


class AudienceSerializer(StrictSerializer):
    identifier = serializers.CharField(max_length=255, trim_whitespace=False)
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.CharField(max_length=255), required=False)
    profile = serializers.ChoiceField(choices=Audience.Profile.choices, required=False)
    signing_alg = serializers.ChoiceField(choices=Audience.Algorithm.choices, required=False)
    token_lifetime = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    max_token_lifetime = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True
    )
    disabled = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(read_only=True)

    def to_representation(self, audience: Audience) -> dict[str, Any]:
        audience.disabled = audience.disabled_at is not None  # type: ignore[attr-defined]  # the body's own member
        return super().to_representation(audience)


class SigningKeySerializer(serializers.Serializer[Any]):
    kid = serializers.CharField()
    alg = serializers.CharField()
    state = serializers.ChoiceField(choices=["published", "signing", "retired", "gone", "compromised"])
    created_at = serializers.DateTimeField()
    signing_from = serializers.DateTimeField(allow_null=True)
    verify_until = serializers.DateTimeField(allow_null=True)


class RotationSerializer(StrictSerializer):
    alg = serializers.CharField(max_length=8, required=False)
    compromised = serializers.CharField(max_length=255, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either alg or compromised.")
        return attrs
