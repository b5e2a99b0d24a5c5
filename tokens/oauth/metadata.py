"""The documents that tell a client and an API all they need: RFC 8414 metadata and the JWKS."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tokens.keys.services import published_keys
from tokens.oauth import answers
from tokens.oauth.door import public_endpoint
from tokens.oauth.token import GRANT_TYPES
from tokens.protocol.client_assertion import ALGORITHMS
from tokens.protocol.client_authentication import METHODS


@public_endpoint
def metadata_document(request: HttpRequest) -> HttpResponse:
    """
    Answer the metadata, out of the tables that the endpoints themselves go by.

    `response_types_supported` is required by RFC 8414 section 2, and empty, because there is no authorization
    endpoint.
    """
    base = settings.BASE_URL
    methods, algorithms = list(METHODS), list(ALGORITHMS)
    return answers.public_document(
        request,
        {
            "issuer": base,
            "token_endpoint": f"{base}/oauth/token",
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "introspection_endpoint": f"{base}/oauth/introspect",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "status_list_aggregation_endpoint": f"{base}/oauth/status",
            "response_types_supported": [],
            "grant_types_supported": list(GRANT_TYPES),
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_endpoint_auth_methods_supported": [*methods, "Bearer"],
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        },
    )


@public_endpoint
def jwks_document(request: HttpRequest) -> HttpResponse:
    """Answer the public keys (RFC 7517 section 5)."""
    return answers.public_document(request, published_keys(at=timezone.now()))
