"""/bots/<name>/credentials of every kind, and the trial of a platform's token."""

import uuid
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from ssoconsole.platform.jose.verify import MAX_BYTES
from ssoconsole.platform.rest import StrictSerializer
from tokens.api.authentication import actor_of, visible_bots
from tokens.api.examples import NEW_CREDENTIAL
from tokens.api.views import IDEMPOTENCY_KEY, ConsoleView, created, one, repeatable
from tokens.credentials.keyless import add_federation, set_public_keys
from tokens.credentials.retirement import evidence_of
from tokens.credentials.services import retire_credential
from tokens.credentials.workloads import explain_federation
from tokens.models import Bot, Credential
from tokens.protocol.federation import caution_about_rule


class TrustSerializer(StrictSerializer):
    issuer = serializers.CharField(max_length=512, trim_whitespace=False)
    audience = serializers.CharField(max_length=512, trim_whitespace=False)
    subject = serializers.CharField(max_length=512, trim_whitespace=False)
    claims = serializers.DictField(child=serializers.CharField(max_length=512), required=False)


class CredentialSerializer(serializers.ModelSerializer[Credential]):
    """Any credential, and what is known about whether it can go; never a secret."""

    safe_to_retire = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = Credential
        fields = (
            "id",
            "kind",
            "label",
            "hint",
            "public_keys",
            "jwks_uri",
            "trust",
            "created_at",
            "created_by",
            "expires_at",
            "last_used_at",
            "last_used_from",
            "retire_after_unused_days",
            "retired_at",
            "retired_by",
            "safe_to_retire",
            "evidence",
            "warnings",
        )
        read_only_fields = fields

    def get_safe_to_retire(self, credential: Credential) -> bool:
        found = self._evidence().get(credential.pk)
        return found is not None and found.safe

    def get_evidence(self, credential: Credential) -> str:
        found = self._evidence().get(credential.pk)
        return found.sentence if found else ""

    def get_warnings(self, credential: Credential) -> list[str]:
        return [text for text in (caution_about_rule(credential.trust),) if text]

    def _evidence(self) -> dict[uuid.UUID, Any]:
        return self.context.get("evidence") or {}


class NewCredentialSerializer(StrictSerializer):
    """Public keys, which replace those there were, or one more federation rule."""

    kind = serializers.ChoiceField(choices=["public_keys", "federation"])
    jwks = serializers.JSONField(required=False, allow_null=True)
    jwks_uri = serializers.CharField(max_length=512, required=False, allow_null=True)
    trust = TrustSerializer(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["kind"] == "federation") != ("trust" in attrs):
            raise serializers.ValidationError({"trust": ["A federation has a trust, and nothing else has."]})
        if attrs["kind"] == "public_keys" and not (attrs.get("jwks") or attrs.get("jwks_uri")):
            raise serializers.ValidationError({"jwks": ["Give jwks or jwks_uri."]})
        if not isinstance(attrs.get("jwks") or {}, dict):
            raise serializers.ValidationError({"jwks": ["A key set is an object."]})
        return attrs


class TrialSerializer(StrictSerializer):
    token = serializers.CharField(max_length=MAX_BYTES, write_only=True)


class TrialLineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    expected = serializers.CharField()
    received = serializers.CharField()


class TriedRuleSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    trust = serializers.JSONField()
    ok = serializers.BooleanField()
    checks = TrialLineSerializer(many=True)


class TrialResultSerializer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    rules = TriedRuleSerializer(many=True)


class CredentialsView(ConsoleView):
    """Everything one bot may prove itself with."""

    serializer_class = CredentialSerializer
    owners_may_read = True
    ordering = ("-created_at", "id")

    @extend_schema(operation_id="credentials_list", responses=CredentialSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """List secrets, keys and federation rules, newest first, with the evidence for retiring each."""
        bot = one(visible_bots(request), name=name)
        page = self.paginate_queryset(Credential.objects.filter(bot=bot))
        return self.get_paginated_response(_shown(bot, page, many=True))

    @extend_schema(
        operation_id="credentials_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewCredentialSerializer,
        responses={201: CredentialSerializer},
        examples=NEW_CREDENTIAL,
    )
    @repeatable
    def post(self, request: Request, name: str) -> Response:
        """Register public keys in place of those there were, or trust one workload more."""
        bot = one(visible_bots(request), name=name)
        data = self.body(request, NewCredentialSerializer)
        keys = {"jwks": data.get("jwks"), "jwks_uri": data.get("jwks_uri")}
        if data["kind"] == "federation":
            credential = add_federation(bot=bot, rule=data["trust"], **keys, by=actor_of(request))
        else:
            # Never None: the body has one of the two.
            credential = cast(Credential, set_public_keys(bot=bot, **keys, by=actor_of(request)))
        return created(_shown(bot, credential), "api_credential", name=bot.name, id=credential.pk)


class CredentialView(ConsoleView):
    """One credential."""

    serializer_class = CredentialSerializer
    owners_may_read = True

    @extend_schema(operation_id="credentials_read", responses=CredentialSerializer)
    def get(self, request: Request, name: str, id: uuid.UUID) -> Response:
        """Read about a credential; never a secret."""
        credential = one(_credentials(request, name), pk=id)
        return Response(_shown(credential.bot, credential))

    @extend_schema(operation_id="credentials_retire", responses={204: None})
    def delete(self, request: Request, name: str, id: uuid.UUID) -> Response:
        """Retire a credential: it proves nothing from now on."""
        retire_credential(credential=one(_credentials(request, name), pk=id), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TryFederationView(ConsoleView):
    """What a bot's federation rules say to a token; nothing is stored, logged or used up."""

    serializer_class = TrialSerializer
    owners_may_read = True
    only_reads = True

    @extend_schema(operation_id="federation_try", request=TrialSerializer, responses=TrialResultSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Try a platform's token on every federation rule of a bot, and tell step by step what does not fit."""
        bot = one(visible_bots(request), name=name)
        token = self.body(request)["token"]
        tried = [
            {"id": rule.pk, "trust": rule.trust, "ok": all(line.ok for line in lines), "checks": lines}
            for rule, lines in explain_federation(bot, token, at=timezone.now())
        ]
        result = {"ok": any(rule["ok"] for rule in tried), "rules": tried}
        return Response(TrialResultSerializer(result).data)


def _credentials(request: Request, name: str) -> QuerySet[Credential]:
    bot = one(visible_bots(request), name=name)
    return Credential.objects.filter(bot=bot).select_related("bot")


def _shown(bot: Bot, credentials: Any, *, many: bool = False) -> Any:
    context = {"evidence": evidence_of(bot, at=timezone.now())}
    return CredentialSerializer(credentials, many=many, context=context).data
