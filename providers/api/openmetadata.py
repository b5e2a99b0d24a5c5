"""/providers/<slug>/openmetadata and /openmetadata/lint"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from providers.models import Provider
from providers.openmetadata.export import LONGEST, export_files
from providers.openmetadata.linting import LONGEST_NAME, lint_configuration, shown
from providers.protocol.openmetadata.export import TARGETS
from ssoconsole.yaml.positions import LARGEST_FILE


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


class ConfigurationSerializer(serializers.Serializer[Any]):
    # As it is: blanks at the beginning of a line are the structure of YAML.
    content = serializers.CharField(
        max_length=LARGEST_FILE, trim_whitespace=False, allow_blank=True, write_only=True
    )
    file = serializers.CharField(max_length=LONGEST_NAME, required=False, allow_blank=True, default="")

    def to_internal_value(self, data: Any) -> Any:
        """Refuse members that there are not: a mistyped one must not be a silent no."""
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError(
                {str(name): ["There is no such member here."] for name in unknown}
            )
        return super().to_internal_value(data)


class FindingSerializer(serializers.Serializer[Any]):
    file = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)


class UncachedView(GenericAPIView[Any]):
    """Answers are never kept by caches; nothing here changes anything, by any method."""

    only_reads = True
    pagination_class = None

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class OpenMetadataConfigView(UncachedView):
    """The configuration that OpenMetadata needs to sign people in at a provider."""

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
        provider = Provider.objects.filter(slug=slug).first()
        if provider is None:
            raise NotFound
        options = ExportOptionsSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        files = export_files(provider=provider, **options.validated_data)
        target = options.validated_data["target"]
        return Response({"provider": slug, "target": target, "files": [asdict(file) for file in files]})


class OpenMetadataLintView(UncachedView):
    """The linter; nothing is stored, logged or sent."""

    serializer_class = ConfigurationSerializer

    @extend_schema(
        operation_id="openmetadata_lint",
        request=ConfigurationSerializer,
        responses=FindingSerializer(many=True),
    )
    def post(self, request: Request) -> Response:
        """Name every trap in an env file, in values of the Helm chart or in openmetadata.yaml."""
        body = ConfigurationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        content = body.validated_data["content"].encode("utf-8", "replace")
        return Response(shown(body.validated_data["file"], lint_configuration(content)))
