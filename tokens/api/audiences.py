"""/audiences"""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tokens.api.authentication import actor_of
from tokens.api.examples import NEW_AUDIENCE
from tokens.api.serializers import AudienceSerializer
from tokens.api.views import IDEMPOTENCY_KEY, ConsoleView, created, one, repeatable
from tokens.audiences import FIELDS, disable_audience, enable_audience, save_audience
from tokens.models import Audience


class AudienceChangeSerializer(AudienceSerializer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "partial": True})


class AudiencesView(ConsoleView):
    """The APIs that trust the console's tokens."""

    serializer_class = AudienceSerializer
    ordering = "identifier"

    @extend_schema(operation_id="audiences_list", responses=AudienceSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List audiences by identifier."""
        return self.listed(Audience.objects.all())

    @extend_schema(
        operation_id="audiences_create",
        parameters=[IDEMPOTENCY_KEY],
        responses={201: AudienceSerializer},
        examples=NEW_AUDIENCE,
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Create an audience."""
        audience = _save(Audience(), self.body(request), request)
        return created(self.shown(audience), "api_audience", identifier=audience.identifier)


IDENTIFIER = OpenApiParameter(
    "identifier", {"type": "string", "maxLength": 255}, OpenApiParameter.PATH, description="Percent-encoded."
)


@extend_schema(parameters=[IDENTIFIER])
class AudienceView(ConsoleView):
    """One audience, by its identifier, percent-encoded or as it is."""

    serializer_class = AudienceSerializer

    @extend_schema(operation_id="audiences_read", responses=AudienceSerializer)
    def get(self, request: Request, identifier: str) -> Response:
        """Read an audience."""
        return Response(self.shown(one(Audience.objects.all(), identifier=identifier)))

    @extend_schema(
        operation_id="audiences_change", request=AudienceChangeSerializer, responses=AudienceSerializer
    )
    def patch(self, request: Request, identifier: str) -> Response:
        """Change what is given; `{"disabled": true}` withdraws the audience and its tokens."""
        audience = one(Audience.objects.all(), identifier=identifier)
        return Response(self.shown(_save(audience, self.body(request, AudienceChangeSerializer), request)))


@transaction.atomic
def _save(audience: Audience, data: dict[str, Any], request: Request) -> Audience:
    by = actor_of(request)
    changes = {name: data[name] for name in FIELDS if name in data}
    for name, value in changes.items():
        setattr(audience, name, value)
    if changes:
        save_audience(audience=audience, by=by)
    if "disabled" in data:
        (disable_audience if data["disabled"] else enable_audience)(audience=audience, by=by)
    return audience
