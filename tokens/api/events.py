"""/events"""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ssoconsole.platform.eventlog.models import Event
from tokens.api.views import ConsoleView

FILTERS = ("action", "actor", "target")


class EventSerializer(serializers.ModelSerializer[Event]):
    class Meta:
        model = Event
        fields = (
            "id",
            "at",
            "action",
            "actor",
            "target",
            "outcome",
            "address",
            "request_id",
            "before",
            "after",
        )
        read_only_fields = fields


class EventsView(ConsoleView):
    """Who did what; secrets are masked before they are written."""

    serializer_class = EventSerializer
    ordering = "-id"

    @extend_schema(
        operation_id="events_list",
        parameters=[OpenApiParameter(name, str, description="Only this one, exactly.") for name in FILTERS],
        responses=EventSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List events, newest first."""
        wanted = {name: request.query_params[name] for name in FILTERS if name in request.query_params}
        if any("\0" in value for value in wanted.values()):
            return self.listed(Event.objects.none())
        return self.listed(Event.objects.filter(**wanted))
