"""/signin-attempts/<reference>"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from providers.api.checks import FindingSerializer
from providers.diagnosis.registration import examine_attempt
from providers.explanations.meanings import meaning_of
from providers.explanations.remedies import remedy_of
from providers.explanations.searching import neighbours_of, said_by_provider
from providers.explanations.stages import stages_of
from providers.models import SignInAttempt
from ssoconsole.platform.references import normalize_reference
from ssoconsole.platform.rest_views import ResourceView, one


class StageSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=["passed", "failed", "skipped", "waiting", "not reached"])
    milliseconds = serializers.IntegerField(allow_null=True)


class SaidSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(allow_blank=True)
    error_description = serializers.CharField(source="description", allow_blank=True)
    status = serializers.CharField(allow_blank=True)


class NeighbourSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()


class SignInAttemptSerializer(serializers.ModelSerializer[SignInAttempt]):
    """The trace: what is proven of the person with secrets masked, and nothing that proves anything."""

    provider = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)
    user = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    session = serializers.UUIDField(source="session_id", read_only=True, allow_null=True)
    happened = serializers.SerializerMethodField()
    remedy = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField()
    provider_said = serializers.SerializerMethodField()
    stages = serializers.SerializerMethodField()
    claims = serializers.DictField(source="claims_shown", read_only=True)
    groups_untold = serializers.ListField(child=serializers.CharField(), read_only=True)
    neighbours = serializers.SerializerMethodField()

    class Meta:
        model = SignInAttempt
        fields = (
            *("reference", "provider", "purpose", "outcome", "happened", "remedy", "expected", "received"),
            *(
                "findings",
                "provider_said",
                "stage",
                "stages",
                "started_at",
                "consumed_at",
                "finished_at",
                "user",
                "session",
            ),
            *("address", "user_agent", "issuer", "redirect_uri", "claims", "groups_untold", "neighbours"),
        )
        read_only_fields = fields

    def get_happened(self, attempt: SignInAttempt) -> str:
        return meaning_of(attempt.outcome).happened

    def get_remedy(self, attempt: SignInAttempt) -> str:
        return remedy_of(attempt)

    @extend_schema_field(FindingSerializer(many=True))
    def get_findings(self, attempt: SignInAttempt) -> Any:
        return FindingSerializer(examine_attempt(attempt), many=True).data

    @extend_schema_field(SaidSerializer(allow_null=True))
    def get_provider_said(self, attempt: SignInAttempt) -> Any:
        said = said_by_provider(attempt)
        return None if said is None else SaidSerializer(said).data

    @extend_schema_field(StageSerializer(many=True))
    def get_stages(self, attempt: SignInAttempt) -> Any:
        return [
            {"name": stage.name, "state": stage.state, "milliseconds": attempt.timings.get(stage.name)}
            for stage in stages_of(attempt)
        ]

    @extend_schema_field(NeighbourSerializer(many=True))
    def get_neighbours(self, attempt: SignInAttempt) -> Any:
        return NeighbourSerializer(neighbours_of(attempt), many=True).data


class SignInAttemptView(ResourceView):
    """The trace of one sign-in; who may read it is the API's rule for everything (`ConsoleAdministrator`)."""

    serializer_class = SignInAttemptSerializer

    @extend_schema(
        operation_id="signin_attempts_read",
        responses=SignInAttemptSerializer,
        examples=[
            OpenApiExample(
                "a token for another client",
                value={
                    "reference": "canyon-lamp-violet",
                    "provider": "corp",
                    "purpose": "sign_in",
                    "outcome": "audience_mismatch",
                    "happened": "The token is meant for another client, or for others besides this one.",
                    "remedy": "Check the client ID. The client ID here is console, and the token is for wiki.",
                    "expected": "console",
                    "received": "wiki",
                    "findings": [],
                    "provider_said": None,
                    "stage": "id_token",
                    "stages": [{"name": "id_token", "state": "failed", "milliseconds": 2}],
                    "started_at": "2026-11-26T10:00:00Z",
                    "consumed_at": "2026-11-26T10:00:09Z",
                    "finished_at": "2026-11-26T10:00:09Z",
                    "user": None,
                    "session": None,
                    "address": "192.0.2.7",
                    "user_agent": "Mozilla/5.0",
                    "issuer": "https://idp.example",
                    "redirect_uri": "https://sso.example.com/callback/corp",
                    "claims": {},
                    "groups_untold": [],
                    "neighbours": [],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, reference: str) -> Response:
        """Read what became of a sign-in, by the three words on its page in any spelling."""
        attempts = SignInAttempt.objects.select_related("provider", "user")
        return Response(self.shown(one(attempts, reference=normalize_reference(reference[:200]))))
