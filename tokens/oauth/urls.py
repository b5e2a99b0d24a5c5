"""Paths of the OAuth endpoints."""

from django.urls import path, re_path

from tokens.oauth.introspect import introspection_endpoint
from tokens.oauth.metadata import jwks_document, metadata_document, status_list, status_lists
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
    path("oauth/status", status_lists, name="oauth_status_lists"),
    # One spelling for each number: a list names its own address, and an API compares the two.
    re_path(r"^oauth/status/(?P<number>0|[1-9][0-9]{0,8})\Z", status_list, name="oauth_status_list"),
]
