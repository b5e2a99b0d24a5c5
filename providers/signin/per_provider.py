"""mozilla-django-oidc asks Django's settings; here it is answered from a provider's row."""

from collections.abc import Callable
from typing import Any

from mozilla_django_oidc.utils import import_from_settings

from providers.models import Provider

RANDOM_LENGTH = 43  # of letters and digits: 256 bits, and the longest nonce that every provider takes

Answer = Callable[[Provider], Any]

# What the library asks by name. The client secret is not among it: client authentication is
# `providers.exchange`'s, and the library has no need to hold the secret.
SETTINGS: dict[str, Answer] = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": lambda provider: provider.endpoint("authorization_endpoint"),
    "OIDC_OP_TOKEN_ENDPOINT": lambda provider: provider.endpoint("token_endpoint"),
    "OIDC_OP_USER_ENDPOINT": lambda provider: provider.endpoint("userinfo_endpoint"),
    "OIDC_OP_JWKS_ENDPOINT": lambda provider: provider.endpoint("jwks_uri"),
    "OIDC_RP_CLIENT_ID": lambda provider: provider.client_id,
    "OIDC_RP_CLIENT_SECRET": lambda provider: None,
    "OIDC_RP_SIGN_ALGO": lambda provider: provider.signing_algs[0],
    "OIDC_RP_IDP_SIGN_KEY": lambda provider: None,
    "OIDC_RP_SCOPES": lambda provider: " ".join(provider.scopes),
    "OIDC_USE_PKCE": lambda provider: provider.pkce and provider.response_type == "code",
    "OIDC_PKCE_CODE_CHALLENGE_METHOD": lambda provider: "S256",
    "OIDC_PKCE_CODE_VERIFIER_SIZE": lambda provider: RANDOM_LENGTH,
    "OIDC_USE_NONCE": lambda provider: True,
    "OIDC_NONCE_SIZE": lambda provider: RANDOM_LENGTH,
    "OIDC_STATE_SIZE": lambda provider: RANDOM_LENGTH,
    "OIDC_AUTHENTICATION_CALLBACK_URL": lambda provider: "callback",
    "OIDC_ALLOW_UNSECURED_JWT": lambda provider: False,
    "OIDC_STORE_ACCESS_TOKEN": lambda provider: False,
    "OIDC_STORE_ID_TOKEN": lambda provider: False,
}

# What the library's constructors copy from the settings, before there is a request and hence a provider.
ATTRIBUTES = {
    "OIDC_OP_AUTH_ENDPOINT": "OIDC_OP_AUTHORIZATION_ENDPOINT",
    "OIDC_OP_TOKEN_ENDPOINT": "OIDC_OP_TOKEN_ENDPOINT",
    "OIDC_OP_USER_ENDPOINT": "OIDC_OP_USER_ENDPOINT",
    "OIDC_OP_JWKS_ENDPOINT": "OIDC_OP_JWKS_ENDPOINT",
    "OIDC_RP_CLIENT_ID": "OIDC_RP_CLIENT_ID",
    "OIDC_RP_CLIENT_SECRET": "OIDC_RP_CLIENT_SECRET",
    "OIDC_RP_SIGN_ALGO": "OIDC_RP_SIGN_ALGO",
    "OIDC_RP_IDP_SIGN_KEY": "OIDC_RP_IDP_SIGN_KEY",
}


class PerProvider:
    """
    Mixed in before one of the library's classes; `provider` is set once the request has named it.

    The instance must live for one request only, as views and backends do.
    """

    provider: Provider

    def get_settings(self, attr: str, *default: Any) -> Any:
        """Return the provider's value for one of the library's names, else Django's setting."""
        if attr in SETTINGS:
            return SETTINGS[attr](self.provider)
        return import_from_settings(attr, *default)  # type: ignore[no-untyped-call]  # the library has no types

    def __getattr__(self, name: str) -> Any:
        if name in ATTRIBUTES:
            return self.get_settings(ATTRIBUTES[name])
        raise AttributeError(name)
