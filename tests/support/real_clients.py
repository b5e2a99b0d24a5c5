"""The console as the real provider knows it: one registration for each way to be a client."""

# Everything that form-urlencoding changes, as far as a provider may issue it (printable ASCII).
SECRET = "s3cret:with%2B all+of/it=&?-and-long-enough-for-HS256"

_CODE = {"response_types": ["code"], "grant_types": ["authorization_code", "refresh_token"]}
_BASIC = _CODE | {"token_endpoint_auth_method": "client_secret_basic", "client_secret": SECRET}
_PUBLIC = _CODE | {"token_endpoint_auth_method": "none"}

CLIENTS = {
    "console-basic": _BASIC,
    "console-post": _BASIC | {"token_endpoint_auth_method": "client_secret_post"},
    "console-pkce": _PUBLIC,
    "console-pkjwt": _CODE | {"token_endpoint_auth_method": "private_key_jwt"},
    "console-csjwt": _BASIC | {"token_endpoint_auth_method": "client_secret_jwt"},
    "console-par": _BASIC | {"require_pushed_authorization_requests": True},
    "console-rs256": _BASIC | {"id_token_signed_response_alg": "RS256"},
    "console-ps256": _BASIC | {"id_token_signed_response_alg": "PS256"},
    "console-es256": _BASIC | {"id_token_signed_response_alg": "ES256"},
    "console-eddsa": _BASIC | {"id_token_signed_response_alg": "EdDSA"},
    "console-ed25519": _BASIC | {"id_token_signed_response_alg": "Ed25519"},
    "console-hs256": _BASIC | {"id_token_signed_response_alg": "HS256"},
    "console-signed-userinfo": _BASIC | {"userinfo_signed_response_alg": "RS256"},
    # The library takes plain-http redirect URIs of implicit clients only on loopback and as "native".
    "console-implicit": {
        "application_type": "native",
        "response_types": ["id_token"],
        "grant_types": ["implicit"],
        "token_endpoint_auth_method": "none",
    },
    "onelogin": _PUBLIC | {"id_token_signed_response_alg": "RS256"},
    "onelogin-basic": _BASIC | {"id_token_signed_response_alg": "RS256"},
    "onelogin-implicit": {
        "application_type": "native",
        "response_types": ["id_token"],
        "grant_types": ["implicit"],
        "token_endpoint_auth_method": "none",
    },
}


def issuer_of(client_id):
    """Which of the two issuers knows this client."""
    return "onelogin" if client_id.startswith("onelogin") else "standard"


def uris_at(base_url, slug):
    """The console's public addresses, as an administrator would register them at the provider."""
    return {
        "redirect_uris": [f"{base_url}/callback/{slug}", f"{base_url}/callback"],
        "post_logout_redirect_uris": [f"{base_url}/signed-out"],
        "backchannel_logout_uri": f"{base_url}/backchannel-logout/{slug}",
        "backchannel_logout_session_required": True,
    }
