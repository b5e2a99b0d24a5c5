"""Where each field stands on a provider's page."""

from collections.abc import Sequence
from typing import Any

from providers.admin.forms import ProviderForm, extra_fields
from providers.admin.panels import starting_points

CLIENT = (
    "client_id",
    "client_secret",
    "client_secret_expires_at",
    "remove_client_secret",
    "token_endpoint_auth_method",
    "assertion_audience",
)
FLOW = ("response_type", "scopes", "pkce", "pushed_authorization", "callback", "signing_algs")
WHO_MAY_ENTER = ("allowed_email_domains", "self_signup", "link_by_verified_email", "admin_principals")
CLAIMS = ("principal_claims", "mapping", "group_rules")
SESSIONS = ("session_lifetime", "session_refresh", "session_check_every")
CREDENTIALS = ("credentials_json", "credentials_file")
BUTTON = ("icon", "order")
FACTORS = ("acr_values", "required_acr", "required_amr", "admin_required_acr", "admin_required_amr")
ADVANCED = (
    "prompt",
    "max_age",
    "leeway",
    "userinfo",
    "trusted_audiences",
    "extra_params",
    "signout_params",
)

FLOW_NOTE = (
    "“code” is the flow to choose. “id_token” is legacy: tokens travel through the browser, and there is no "
    "client authentication. Not offered, because they are weaker and gain nothing: “id_token token”, the hybrid "
    "flows, and answers in the fragment of an address, which no server sees."
)
FACTORS_NOTE = (
    "Demand what the provider says of the authentication, such as a second factor: its acr (an authentication "
    "context) and amr (the methods that were used). What is demanded must come back in the ID token."
)
SESSIONS_NOTE = (
    "A session also ends when the provider says so by back-channel logout, server to server. Front-channel "
    "logout is not offered: browsers no longer send the cookies that it would need."
)


def fieldsets(*, stored: bool, panels: Sequence[str]) -> list[Any]:
    """The panels speak of a row that is there; the links to start from, of one that is not."""
    basics = ("kind", *extra_fields(), "name", "slug", "issuer", "enabled")
    begin = {} if stored else {"description": starting_points()}
    sets = [
        ("Basics", {"fields": basics, **begin}),
        ("Client", {"fields": CLIENT}),
        ("Import credentials", {"fields": CREDENTIALS, "classes": ("collapse",)}),
        ("Flow", {"fields": FLOW, "description": FLOW_NOTE}),
        ("Who may enter", {"fields": WHO_MAY_ENTER}),
        ("Claims", {"fields": CLAIMS}),
        ("How they authenticate", {"fields": FACTORS, "classes": ("collapse",), "description": FACTORS_NOTE}),
        ("Sessions", {"fields": SESSIONS, "description": SESSIONS_NOTE}),
        ("Sign-in button", {"fields": BUTTON}),
        ("Advanced", {"fields": ADVANCED, "classes": ("collapse",)}),
    ]
    if stored:
        sets.append(("Published", {"fields": tuple(panels)}))
        sets.append(("This change", {"fields": ("trial", "seen")}))
    return sets


def readable(sets: list[Any], *, panels: Sequence[str]) -> list[Any]:
    """
    Leave what is stored and may be seen.

    To who may only look, Django's admin shows the values of the row, and the row knows the client secret.
    """
    seen = {*ProviderForm.Meta.fields, *panels}
    kept = [
        (title, {**options, "fields": tuple(name for name in options["fields"] if name in seen)})
        for title, options in sets
    ]
    return [(title, options) for title, options in kept if options["fields"]]
