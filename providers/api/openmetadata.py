"""/providers/<slug>/openmetadata and /openmetadata/lint"""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from providers.api.registrations import provider_named
from providers.openmetadata import LONGEST, LONGEST_NAME, export_files, lint_configuration, shown
from providers.protocol.openmetadata.export import TARGETS
from ssoconsole.platform.rest import StrictSerializer
from ssoconsole.platform.rest_views import ResourceView
from ssoconsole.platform.yaml import LARGEST_FILE


class ExportedFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    text = serializers.CharField()


class OpenMetadataConfigSerializer(serializers.Serializer[Any]):
    provider = serializers.CharField()
    target = serializers.ChoiceField(choices=list(TARGETS))
    files = ExportedFileSerializer(many=True)


class ExportOptionsSerializer(serializers.Serializer[Any]):
    target = serializers.ChoiceField(choices=list(TARGETS))
    server_url = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    jwt_keys = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    key_id = serializers.CharField(max_length=255, required=False, allow_blank=True)


class ConfigurationSerializer(StrictSerializer):
    # As it is: blanks at the beginning of a line are the structure of YAML.
    content = serializers.CharField(
        max_length=LARGEST_FILE, trim_whitespace=False, allow_blank=True, write_only=True
    )
    file = serializers.CharField(max_length=LONGEST_NAME, required=False, allow_blank=True, default="")


class LintFindingSerializer(serializers.Serializer[Any]):
    file = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)


class OpenMetadataConfigView(ResourceView):
    """The configuration that OpenMetadata needs to sign people in at a provider."""

    only_reads = True

    serializer_class = OpenMetadataConfigSerializer

    @extend_schema(
        operation_id="openmetadata_config",
        parameters=[
            OpenApiParameter("target", str, required=True, enum=list(TARGETS)),
            OpenApiParameter("server_url", str),
            OpenApiParameter("jwt_keys", str),
            OpenApiParameter("key_id", str),
        ],
        responses=OpenMetadataConfigSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return the files for a target; no secret is in them. A person fills in what their comments name."""
        provider = provider_named(slug)
        options = ExportOptionsSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        files = export_files(provider=provider, **options.validated_data)
        target = options.validated_data["target"]
        return Response({"provider": slug, "target": target, "files": [asdict(file) for file in files]})


class OpenMetadataLintView(ResourceView):
    """The linter; nothing is stored, logged or sent."""

    only_reads = True
    pagination_class = None

    serializer_class = ConfigurationSerializer

    @extend_schema(
        operation_id="openmetadata_lint",
        request=ConfigurationSerializer,
        responses=LintFindingSerializer(many=True),
    )
    def post(self, request: Request) -> Response:
        """Name every trap in an env file, in values of the Helm chart or in openmetadata.yaml."""
        body = self.body(request)
        content = body["content"].encode("utf-8", "replace")
        return Response(shown(body["file"], lint_configuration(content)))
