"""/providers/<slug>/check"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from providers.api.registrations import provider_named
from providers.diagnosis.services import check_provider
from providers.protocol.preflight.findings import ORDER
from ssoconsole.platform.rest_views import ResourceView, caller


class FindingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=ORDER)
    title = serializers.CharField()
    expected = serializers.CharField(allow_blank=True)
    received = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField()


class ProviderCheckSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    ok = serializers.BooleanField()


class NotTriedSerializer(serializers.Serializer[Any]):
    """A check that was not run, and the failed one because of which."""

    name = serializers.CharField()
    because = serializers.CharField()


class ProviderReportSerializer(serializers.Serializer[Any]):
    """The most important finding first; the checks that were run, in the order of checking."""

    provider = serializers.CharField()
    ok = serializers.BooleanField()
    findings = FindingSerializer(many=True)
    checks = ProviderCheckSerializer(many=True)
    not_tried = NotTriedSerializer(many=True)


class CheckView(ResourceView):
    """The preflight of one registration; nothing of it changes."""

    serializer_class = ProviderReportSerializer

    @extend_schema(
        operation_id="providers_check",
        request=None,
        responses=ProviderReportSerializer,
        examples=[
            OpenApiExample(
                "a slash too many",
                value={
                    "provider": "corp",
                    "ok": False,
                    "findings": [
                        {
                            "code": "issuer_trailing_slash",
                            "severity": "error",
                            "title": "The issuers differ in the slash at the end.",
                            "expected": "“https://idp.example/”",
                            "received": "“https://idp.example”",
                            "remedy": "Register the issuer with the slash at the end.",
                        }
                    ],
                    "checks": [{"name": "discovery", "ok": True}, {"name": "issuer", "ok": False}],
                    "not_tried": [{"name": "client_credentials", "because": "issuer"}],
                },
                response_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask the provider, and tell why people cannot sign in and what to do; by POST, as it sends requests."""
        provider = provider_named(slug)
        return Response(check_provider(provider=provider, by=caller(request)).as_json())
