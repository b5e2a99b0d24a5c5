"""
What a client and an API can read without credentials: RFC 8414 metadata, the JWKS, and the status lists.

GET /oauth/status/<n> is the status list that tokens point to; GET /oauth/status says where the lists are.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.gzip import gzip_page

from tokens.errors import NoSigningKey
from tokens.keys.services import published_keys
from tokens.oauth import answers
from tokens.oauth.door import public_endpoint
from tokens.oauth.token import GRANT_TYPES
from tokens.protocol.client_authentication import ALGORITHMS, METHODS
from tokens.status.published import TYP, status_list_token, status_list_uris
from tokens.status.services import KEPT, find_status_list

MEDIA_TYPE = f"application/{TYP}"


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


@gzip_page
@public_endpoint
def status_list(request: HttpRequest, number: str) -> HttpResponse:
    """
    Answer the signed list (draft-ietf-oauth-status-list-21 section 8.1); pages of any origin may read it.

    404 for a list that does not exist, 501 for `time`, because what a list has been is not kept (section 8.4).
    """
    if "time" in request.GET:
        return _refusal(501, "The past of a list is not kept.")
    known = find_status_list(int(number))
    if known is None:
        return _refusal(404, "There is no such list.")
    try:
        token = status_list_token(known, at=timezone.now())
    except NoSigningKey as error:
        return answers.refusal(error)
    # Caches on the way keep it no longer than the console does, and the list's own ttl comes on top of that.
    return answers.public_answer(request, HttpResponse(token, content_type=MEDIA_TYPE), max_age=KEPT)


@public_endpoint
def status_lists(request: HttpRequest) -> HttpResponse:
    """Answer where the lists are that may hold a live token (section 9.2)."""
    return answers.public_document(request, {"status_lists": status_list_uris(at=timezone.now())})


def _refusal(status: int, description: str) -> HttpResponse:
    body = {"error": "invalid_request", "error_description": description}
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    response["Access-Control-Allow-Origin"] = "*"
    return response
