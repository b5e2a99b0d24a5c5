"""What the schema shows of a registration, as a request and as its answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

GIVEN: dict[str, Any] = {
    "slug": "corp",
    "name": "Corp SSO",
    "issuer": "https://idp.example/realms/corp",
    "client_id": "console",
}
LISTS = ("acr_values", "required_acr", "required_amr", "admin_required_acr", "admin_required_amr")
SAVED: dict[str, Any] = {
    **GIVEN,
    "kind": "custom-oidc",
    "icon": "",
    "order": 100,
    "has_client_secret": True,
    "client_secret_expires_at": None,
    "token_endpoint_auth_method": "client_secret_basic",
    "assertion_audience": "issuer",
    "pushed_authorization": True,
    "response_type": "code",
    "scopes": ["openid", "email", "profile"],
    "pkce": True,
    "signing_algs": ["RS256"],
    "leeway": 60,
    "max_age": None,
    "prompt": None,
    **{name: [] for name in LISTS},
    "extra_params": {},
    "callback": "dedicated",
    "trusted_audiences": [],
    "userinfo": "always",
    "signout_params": {},
    "principal_claims": ["email", "preferred_username", "sub"],
    "mapping": {"email": "email"},
    "group_rules": [],
    "admin_principals": [],
    "allowed_email_domains": [],
    "self_signup": True,
    "link_by_verified_email": False,
    "session": {"lifetime": 28_800, "refresh": "none", "check_every": 900},
    "enabled": True,
    "warnings": [],
}
NEW_PROVIDER = [
    OpenApiExample(
        "a confidential client",
        value={**GIVEN, "client_secret": "as-the-provider-has-given-it"},
        request_only=True,
    ),
    OpenApiExample("the registration", value=SAVED, response_only=True, status_codes=["201"]),
]
CHANGED_PROVIDER = [OpenApiExample("off for now", value={"enabled": False}, request_only=True)]
