"""The discovery document (OpenID Connect Discovery 1.0 sections 3 and 4)."""

from collections.abc import Mapping
from typing import Any

from providers.errors import MetadataInvalid
from providers.protocol.issuers import issuer_mismatch
from ssoconsole.jose.errors import shown
from ssoconsole.outbound.errors import OutboundError
from ssoconsole.outbound.targets import parse

WELL_KNOWN = "/.well-known/openid-configuration"
ANNOUNCES_ISS = "authorization_response_iss_parameter_supported"
PUSH_ENDPOINT = "pushed_authorization_request_endpoint"
DEMANDS_PUSHING = "require_pushed_authorization_requests"
ASSERTION_ALGORITHMS = "token_endpoint_auth_signing_alg_values_supported"

_REQUIRED_ENDPOINTS = ("authorization_endpoint", "jwks_uri")
_OPTIONAL_ENDPOINTS = ("token_endpoint", "userinfo_endpoint", "end_session_endpoint", PUSH_ENDPOINT)
_FLAGS = (
    ANNOUNCES_ISS,
    DEMANDS_PUSHING,
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
)
_LISTS = (
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "scopes_supported",
    "claims_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    ASSERTION_ALGORITHMS,
    "code_challenge_methods_supported",
)


def discovery_url(issuer: str) -> str:
    """Return where the document of `issuer` is: one terminating slash goes, then the well-known path."""
    return issuer.removesuffix("/") + WELL_KNOWN


def check_document(
    document: Mapping[str, Any], *, issuer: str, code_flow: bool = True, allow_http: bool = False
) -> None:
    """
    Check that `document` speaks for `issuer`, byte for byte, and has what signing in needs.

    `code_flow` requires a token endpoint; `allow_http` is the development switch. Members that are null count
    as absent; members that are unknown here are ignored. Raises IssuerMismatch, which names a near miss, and
    MetadataInvalid.
    """
    present = {name: value for name, value in document.items() if value is not None}
    if "issuer" not in present:
        raise MetadataInvalid(expected=f"issuer {shown(issuer)}", received="absent")
    if present["issuer"] != issuer:
        raise issuer_mismatch(expected=issuer, received=present["issuer"])
    required = (*_REQUIRED_ENDPOINTS, "token_endpoint") if code_flow else _REQUIRED_ENDPOINTS
    for name in required:
        if name not in present:
            raise MetadataInvalid(expected=name, received="absent")
    for name in {*required, *_OPTIONAL_ENDPOINTS} & present.keys():
        _check_endpoint(name, present[name], allow_http=allow_http)
    check_types(present)


def announces_iss_parameter(document: Mapping[str, Any] | None) -> bool:
    """Tell whether every authorization response will carry `iss` (RFC 9207 section 3)."""
    return (document or {}).get(ANNOUNCES_ISS) is True


def _check_endpoint(name: str, value: object, *, allow_http: bool) -> None:
    if not isinstance(value, str):
        raise MetadataInvalid(expected=f"{name}, a string", received=type(value).__name__)
    try:
        parse(value, allow_http=allow_http)
    except OutboundError as refused:
        expected = f"{name}, an absolute {'http or https' if allow_http else 'https'} URL"
        raise MetadataInvalid(refused.detail, expected=expected, received=shown(value)) from None


def check_types(present: Mapping[str, Any]) -> None:
    """Check the members that say what the provider can do. Raises MetadataInvalid."""
    for name in _FLAGS:
        if not isinstance(present.get(name, False), bool):
            raise MetadataInvalid(expected=f"{name}, true or false", received=shown(present[name]))
    for name in _LISTS:
        value = present.get(name, [])
        if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
            raise MetadataInvalid(expected=f"{name}, a list of strings", received=shown(value))
