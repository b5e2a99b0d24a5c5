"""Paths of the REST API, below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from tokens.api.audiences import AudiencesView, AudienceView
from tokens.api.bots import BotsView, BotView
from tokens.api.credentials import CredentialsView, CredentialView, TryFederationView
from tokens.api.docs import docs
from tokens.api.events import EventsView
from tokens.api.secrets import RevokeTokensOfSecretView, SecretsView, SecretView
from tokens.api.signing_keys import RotateView, SigningKeysView
from tokens.api.tokens import RevokeTokensView, TokensView, TokenView

urlpatterns = [
    path("bots", BotsView.as_view(), name="api_bots"),
    path("bots/<str:name>", BotView.as_view(), name="api_bot"),
    path("bots/<str:name>/secrets", SecretsView.as_view(), name="api_secrets"),
    path("bots/<str:name>/secrets/<uuid:id>", SecretView.as_view(), name="api_secret"),
    path(
        "bots/<str:name>/secrets/<uuid:id>/revoke-tokens",
        RevokeTokensOfSecretView.as_view(),
        name="api_revoke_tokens_of_secret",
    ),
    path("bots/<str:name>/credentials", CredentialsView.as_view(), name="api_credentials"),
    path("bots/<str:name>/credentials/<uuid:id>", CredentialView.as_view(), name="api_credential"),
    path("bots/<str:name>/federation/try", TryFederationView.as_view(), name="api_try_federation"),
    path("bots/<str:name>/tokens", TokensView.as_view(), name="api_tokens"),
    path("bots/<str:name>/revoke-tokens", RevokeTokensView.as_view(), name="api_revoke_tokens"),
    path("tokens/<str:jti>", TokenView.as_view(), name="api_token"),
    path("audiences", AudiencesView.as_view(), name="api_audiences"),
    path("audiences/<path:identifier>", AudienceView.as_view(), name="api_audience"),
    path("signing-keys", SigningKeysView.as_view(), name="api_signing_keys"),
    path("signing-keys/rotate", RotateView.as_view(), name="api_rotate"),
    path("events", EventsView.as_view(), name="api_events"),
    path("schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs", docs, name="api_docs"),
]
