"""Paths of the token doctor: the page and the API."""

from django.urls import path

from ssoconsole.console.doctor.api import ExplainTokenView
from ssoconsole.console.doctor.views import token_doctor

urlpatterns = [
    path("token-doctor", token_doctor, name="token_doctor"),
    path("api/v1/tokens/explain", ExplainTokenView.as_view(), name="api_explain_token"),
]
