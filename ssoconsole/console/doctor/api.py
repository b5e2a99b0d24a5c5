"""/tokens/explain"""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from ssoconsole.console.doctor.explanation import Explanation, explain, explain_a_token
from ssoconsole.console.refusals.views import find_refusal
from ssoconsole.platform.examination import is_valid
from ssoconsole.platform.jose.verify import MAX_BYTES
from ssoconsole.platform.rest.serializers import StrictSerializer
from ssoconsole.platform.rest.views import ResourceView

KINDS_TOLD = ("access token", "ID token", "logout token", "no token", "refusal", "sign-in")


class TokenToExplainSerializer(StrictSerializer):
    # As it is: white space around a token is one of the causes.
    token = serializers.CharField(
        max_length=2 * MAX_BYTES,
        trim_whitespace=False,
        allow_blank=True,
        write_only=True,
        required=False,
    )
    reference = serializers.CharField(max_length=100, write_only=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either token or reference.")
        return attrs


class TokenCheckSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    expected = serializers.CharField(allow_blank=True)
    received = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField(allow_blank=True)


class PageSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # shadows Field.label, which no one reads here
    url = serializers.URLField()


class ExplainedTokenSerializer(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    checks = TokenCheckSerializer(many=True)
    kind = serializers.ChoiceField(choices=KINDS_TOLD)
    header = serializers.DictField(allow_null=True)
    claims = serializers.DictField(allow_null=True)
    pages = PageSerializer(many=True)


class ExplainTokenView(ResourceView):
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
                "what a program was told", value={"reference": "canyon-lamp-violet-river"}, request_only=True
            ),
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
                    "kind": "no token",
                    "header": None,
                    "claims": None,
                    "pages": [],
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """
        Tell step by step, in the order of checking, whether a token counts, and what to do where it does not.

        The token is one of this console or one that a registered provider has signed. `reference` in its place is that
        of a refusal. `header` and `claims` are decoded, with secrets masked; `pages` are where it belongs to.
        """
        body = self.body(request)
        if "token" in body:
            return _answer(explain_a_token(body["token"], at=timezone.now()))
        if find_refusal(body["reference"], user=None) is None:
            raise NotFound
        return _answer(explain(body["reference"]))


def _answer(explanation: Explanation) -> Response:
    return Response(
        {
            "valid": is_valid(explanation.checks),
            "checks": [asdict(check) for check in explanation.checks],
            "kind": explanation.kind,
            "header": explanation.header,
            "claims": explanation.claims,
            "pages": [
                {"label": link.label, "url": f"{settings.BASE_URL}{link.url}"} for link in explanation.links
            ],
        }
    )
