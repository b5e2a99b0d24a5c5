"""/signing-keys"""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tokens.api.authentication import actor_of
from tokens.api.examples import ROTATION
from tokens.api.serializers import RotationSerializer, SigningKeySerializer
from tokens.api.views import ConsoleView
from tokens.keys.services import compromise_signing_key, rotate_signing_key
from tokens.models import SigningKey


class SigningKeysView(ConsoleView):
    """The keys that sign bot tokens."""

    serializer_class = SigningKeySerializer
    ordering = ("-created_at", "id")

    @extend_schema(operation_id="signing_keys_list", responses=SigningKeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """List keys, newest first, with where they are in their life."""
        page = self.paginate_queryset(SigningKey.objects.all()) or []
        return self.get_paginated_response([key_shown(key) for key in page])


class RotateView(ConsoleView):
    """The key life cycle, one step."""

    serializer_class = RotationSerializer

    @extend_schema(
        operation_id="signing_keys_rotate",
        request=RotationSerializer,
        responses=SigningKeySerializer,
        examples=ROTATION,
    )
    def post(self, request: Request) -> Response:
        """Let the next key sign, or take a compromised one out at once; answers the key that signs now."""
        data = self.body(request)
        by = actor_of(request)
        if "compromised" in data:
            return Response(key_shown(compromise_signing_key(kid=data["compromised"], by=by)))
        return Response(key_shown(rotate_signing_key(alg=data["alg"], by=by)))


def key_shown(key: SigningKey) -> Any:
    """A key as the API writes it; never its private half."""
    names = ("kid", "alg", "created_at", "signing_from", "verify_until")
    row = {name: getattr(key, name) for name in names}
    return SigningKeySerializer({**row, "state": key.state(at=timezone.now())}).data
