"""The value to type, and where, for findings that end in typing one; the remedy without it stands in `codes`."""

from collections.abc import Mapping

from providers.protocol.preflight.findings import Finding

_ISSUER = "Type {received} as the issuer here."
_REDIRECT_URI = "At the provider, type {redirect_uri} as redirect URI."
_JWKS_URL = "The console's JWKS URL is {jwks_url}."
_SCOPES = "The scopes asked for are {scopes}."

# `expected` and `received` are the finding's, everything else is the registration's or the console's.
SENTENCES = {
    **dict.fromkeys(
        (
            "issuer_trailing_slash",
            "issuer_white_space",
            "issuer_case",
            "issuer_port",
            "issuer_host",
            "issuer_path",
            "issuer_well_known_suffix",
            "issuer_mismatch",
        ),
        _ISSUER,
    ),
    "issuer_scheme": "The issuer is then {received} here, if that is https; otherwise the provider's public address is "
    "{expected}.",
    "redirect_uri_not_registered": _REDIRECT_URI,
    "redirect_uri_replaced": _REDIRECT_URI,
    "client_assertion_rejected": _JWKS_URL,
    "client_key_missing": _JWKS_URL,
    "client_unknown": "The client ID here is {client_id}.",
    "client_not_allowed": "The response type here is {response_type}.",
    "client_authentication_method_wrong": "Choose {expected} here.",
    "client_credentials_rejected": "The client ID here is {client_id}, the method {auth_method}.",
    "client_authentication_not_supported": "The provider lists {received}.",
    "scope_not_listed": "Take out {expected}.",
    "scope_refused": _SCOPES,
    "refresh_scope_missing": "Type offline_access among the scopes.",
    "signing_algorithm_not_supported": "The provider lists {received}.",
    "keys_for_other_algorithms": "Received: {received}.",
    "authentication_context_not_listed": "The provider lists {received}.",
    "iss_parameter_mismatch": "It has to be {expected}.",
    "userinfo_not_needed": "Choose {expected} here.",
    "grant_not_allowed": "The client ID here is {client_id}.",
}


def sentence_for(found: Finding, values: Mapping[str, str]) -> str:
    """Return the sentence that names the value, "" where there is none to type."""
    sentence = SENTENCES.get(found.code, "")
    return sentence.format(**values, expected=found.expected, received=found.received)
