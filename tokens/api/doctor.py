"""/tokens/explain"""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ssoconsole.jose.parse import MAX_BYTES
from ssoconsole.rest.serializers import StrictSerializer
from tokens.api.views import ConsoleView
from tokens.doctor.services import explain_token
from tokens.protocol.doctor import is_valid


class TokenToExplainSerializer(StrictSerializer):
    # As it is: white space around a token is one of the causes.
    token = serializers.CharField(
        max_length=2 * MAX_BYTES, trim_whitespace=False, allow_blank=True, write_only=True
    )


class TokenCheckSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    expected = serializers.CharField(allow_blank=True)
    received = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField(allow_blank=True)


class ExplainedTokenSerializer(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    checks = TokenCheckSerializer(many=True)


class ExplainTokenView(ConsoleView):
    """The token doctor; nothing is stored, logged or sent."""

    serializer_class = TokenToExplainSerializer
    only_reads = True

    @extend_schema(
        operation_id="tokens_explain",
        request=TokenToExplainSerializer,
        responses=ExplainedTokenSerializer,
        examples=[
            OpenApiExample("a text that is no token", value={"token": "opaque"}, request_only=True),
            OpenApiExample(
                "the first failure ends what cannot be read",
                value={
                    "valid": False,
                    "checks": [
                        {
                            "name": "parts",
                            "ok": False,
                            "expected": "three parts between two dots",
                            "received": "one part",
                            "remedy": "An opaque token, or part of one.",
                        }
                    ],
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Tell step by step, in the order of checking, whether a token counts, and what to do where it does not."""
        checks = explain_token(self.body(request)["token"])
        return Response({"valid": is_valid(checks), "checks": [asdict(check) for check in checks]})
