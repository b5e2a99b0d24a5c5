"""Paths of the REST API that are about identity providers, below /api/v1/."""

from django.urls import path

from providers.api.openmetadata import OpenMetadataConfigView, OpenMetadataLintView

urlpatterns = [
    path(
        "providers/<slug:slug>/openmetadata",
        OpenMetadataConfigView.as_view(),
        name="api_openmetadata_config",
    ),
    path("openmetadata/lint", OpenMetadataLintView.as_view(), name="api_openmetadata_lint"),
]
