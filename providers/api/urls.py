"""Paths of the REST API about identity providers, below /api/v1/."""

from django.urls import path

from providers.api.attempts import SignInAttemptView
from providers.api.checks import CheckView
from providers.api.openmetadata import OpenMetadataConfigView, OpenMetadataLintView
from providers.api.registrations import ProvidersView, ProviderView

urlpatterns = [
    path("providers", ProvidersView.as_view(), name="api_providers"),
    path("providers/<slug:slug>", ProviderView.as_view(), name="api_provider"),
    path("providers/<slug:slug>/check", CheckView.as_view(), name="api_provider_check"),
    path(
        "providers/<slug:slug>/openmetadata",
        OpenMetadataConfigView.as_view(),
        name="api_openmetadata_config",
    ),
    path("openmetadata/lint", OpenMetadataLintView.as_view(), name="api_openmetadata_lint"),
    path("signin-attempts/<str:reference>", SignInAttemptView.as_view(), name="api_signin_attempt"),
]
