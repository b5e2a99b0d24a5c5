"""Paths of the providers' part of the REST API, below /api/v1/."""

from django.urls import path

from providers.api.attempts import SignInAttemptView

urlpatterns = [
    path("signin-attempts/<str:reference>", SignInAttemptView.as_view(), name="api_signin_attempt"),
]
