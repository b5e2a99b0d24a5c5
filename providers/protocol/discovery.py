"""The discovery document (OpenID Connect Discovery 1.0 sections 3 and 4)."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.errors import MetadataInvalid
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.issuer import issuer_mismatch
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.targets import parse

WELL_KNOWN = "/.well-known/openid-configuration"
ANNOUNCES_ISS = "authorization_response_iss_parameter_supported"
PUSH_ENDPOINT = "pushed_authorization_request_endpoint"
DEMANDS_PUSHING = "require_pushed_authorization_requests"
ASSERTION_ALGORITHMS = "token_endpoint_auth_signing_alg_values_supported"
OFFLINE = "offline_access"  # OpenID Connect Core 1.0 section 11

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
    "acr_values_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    ASSERTION_ALGORITHMS,
    "code_challenge_methods_supported",
)


def problem_of_issuer(issuer: str, *, allow_http: bool) -> str | None:
    """Say why an issuer cannot be registered; None where it can. `allow_http` is the development switch."""
    if "?" in issuer or "#" in issuer:
        return "An issuer has no query and no fragment."
    if issuer.rstrip("/").endswith(WELL_KNOWN):
        return f"Leave out {WELL_KNOWN}: the issuer is what stands before it."
    try:
        parse(issuer, allow_http=allow_http)
    except OutboundError as refused:
        return f"Not usable: {refused.detail}."
    return None


def discovery_url(issuer: str) -> str:
    """Return where the document of `issuer` is: one terminating slash goes, then the well-known path."""
    return issuer.removesuffix("/") + WELL_KNOWN


def check_document(
    document: Mapping[str, Any], *, issuer: str, code_flow: bool = True, allow_http: bool = False
) -> dict[str, Any]:
    """
    Return what of `document` counts, when it speaks for `issuer`, byte for byte, and has what signing in needs.

    `code_flow` requires a token endpoint; `allow_http` is the development switch. What counts is in `counting_members`.
    Raises IssuerMismatch, which names a near miss, and MetadataInvalid.
    """
    present = {name: value for name, value in document.items() if value is not None}
    if "issuer" not in present:
        raise MetadataInvalid(expected=f"issuer {shown(issuer)}", received="absent")
    if present["issuer"] != issuer:
        raise issuer_mismatch(expected=issuer, received=present["issuer"])
    for name in required_endpoints(code_flow=code_flow):
        if name not in present:
            raise MetadataInvalid(expected=name, received="absent")
        _check_endpoint(name, present[name], allow_http=allow_http)
    return counting_members(present, code_flow=code_flow, allow_http=allow_http)


def counting_members(document: Mapping[str, Any], *, code_flow: bool, allow_http: bool) -> dict[str, Any]:
    """
    Return the members of a document that say something; members that are unknown here stay as they are.

    One that is null counts as absent, an optional one that is wrong, and a list of nothing, which is left out where
    there is nothing to list (RFC 8414 section 2).
    """
    wrong = wrong_members(document, code_flow=code_flow, allow_http=allow_http)
    return {
        name: value
        for name, value in document.items()
        if value is not None and name not in wrong and not (name in _LISTS and value == [])
    }


def required_endpoints(*, code_flow: bool) -> tuple[str, ...]:
    """Return the endpoints without which nobody signs in."""
    return (*_REQUIRED_ENDPOINTS, "token_endpoint") if code_flow else _REQUIRED_ENDPOINTS


def wrong_members(
    document: Mapping[str, Any], *, code_flow: bool, allow_http: bool
) -> dict[str, MetadataInvalid]:
    """Return the optional members that are wrong, each with what is wrong; null is nothing wrong."""
    required = required_endpoints(code_flow=code_flow)
    wrong = {}
    for name in (*_OPTIONAL_ENDPOINTS, *_FLAGS, *_LISTS):
        if name in required or document.get(name) is None:
            continue
        try:
            _check_optional(name, document[name], allow_http=allow_http)
        except MetadataInvalid as invalid:
            wrong[name] = invalid
    return wrong


def unlisted_scopes(document: Mapping[str, Any] | None, scopes: Sequence[str]) -> list[str]:
    """
    Return those of `scopes` that the provider lacks in its list, if it has one.

    The list may leave out what the provider knows (section 3), and always leaves out the scopes of single resources
    or products: `api://…/.default`, `User.Read`, `urn:zitadel:iam:org:project:roles`.
    """
    listed = (document or {}).get("scopes_supported")
    if not isinstance(listed, list):
        return []
    return [scope for scope in scopes if scope not in listed and not set(scope) & set(":/.")]


def wants_offline_access(document: Mapping[str, Any] | None, scopes: Sequence[str]) -> bool:
    """
    Tell whether `scopes` lack offline_access, and the provider may give refresh tokens for it.

    One that lists its scopes without it gives them in another way, or to every client: Google, Amazon Cognito.
    """
    return OFFLINE not in scopes and not unlisted_scopes(document, [OFFLINE])


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
        raise MetadataInvalid(refused.detail, expected=expected, received=_named(value)) from None


def _check_optional(name: str, value: object, *, allow_http: bool) -> None:
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise MetadataInvalid(expected=f"{name}, true or false", received=_named(value))
    elif name in _LISTS:
        if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
            raise MetadataInvalid(expected=f"{name}, a list of strings", received=_named(value))
    else:
        _check_endpoint(name, value, allow_http=allow_http)


def _named(value: object) -> str:
    return shown(value) if value != "" else "an empty string"
