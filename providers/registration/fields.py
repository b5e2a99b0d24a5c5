"""The fields of a registration that an administrator decides about, in the order in which they are told."""

# As the model calls them, and the configuration file too. The slug comes first and `enabled` last wherever a
# registration is told; both are apart because every door treats them in its own way.
FIELDS = (
    "kind",
    "name",
    "icon",
    "order",
    "issuer",
    "client_id",
    "client_secret",
    "client_secret_expires_at",
    "token_endpoint_auth_method",
    "assertion_audience",
    "pushed_authorization",
    "response_type",
    "scopes",
    "pkce",
    "signing_algs",
    "leeway",
    "max_age",
    "prompt",
    "extra_params",
    "callback",
    "principal_claims",
    "mapping",
    "group_rules",
    "admin_principals",
    "allowed_email_domains",
    "self_signup",
    "link_by_verified_email",
)
# `session_<name>` on the model, `session: {<name>: ...}` in the configuration file.
SESSION = ("lifetime", "refresh", "check_every")
