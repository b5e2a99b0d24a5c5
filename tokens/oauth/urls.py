"""Paths of the OAuth endpoints."""

from django.urls import path

from tokens.oauth.introspect import introspection_endpoint
from tokens.oauth.metadata import jwks_document, metadata_document
from tokens.oauth.revoke import revocation_endpoint
from tokens.oauth.token import token_endpoint

urlpatterns = [
    path(".well-known/oauth-authorization-server", metadata_document, name="oauth_metadata"),
    path(".well-known/jwks.json", jwks_document, name="jwks"),
    # Where users of OpenMetadata look for the keys.
    path("api/v1/system/config/jwks", jwks_document, name="jwks_openmetadata"),
    path("oauth/token", token_endpoint, name="oauth_token"),
    path("oauth/introspect", introspection_endpoint, name="oauth_introspect"),
    path("oauth/revoke", revocation_endpoint, name="oauth_revoke"),
]
