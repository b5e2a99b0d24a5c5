"""What a log, a trace or an export may show of a value."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "••••••••"
SECRET_WORDS = ("secret", "password", "private", "token", "assertion", "verifier", "cookie", "authorization")
_SECRET = re.compile("|".join(SECRET_WORDS))
# Names that hold one of the words above and are no secret.
HARMLESS = frozenset(
    {
        "assertion_audience",
        "authorization_endpoint",
        "authorization_response_iss_parameter_supported",
        "client_secret_expires_at",
        "client_secret_for",
        "id_token_signing_alg_values_supported",
        "max_live_tokens",
        "max_token_lifetime",
        "pushed_authorization",
        "pushed_authorization_request_endpoint",
        "require_pushed_authorization_requests",
        "token_endpoint",
        "token_endpoint_auth_method",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "token_lifetime",
        "token_type",
    }
)


def is_secret(name: str) -> bool:
    """Tell whether a value of this name must never be shown."""
    lowered = name.lower()
    return _SECRET.search(lowered) is not None and lowered not in HARMLESS


def mask(value: Any) -> Any:
    """Copy JSON-like data with every value masked whose name says that it is a secret."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {
            str(name): MASK if is_secret(str(name)) and inner not in (None, "") else mask(inner)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [mask(inner) for inner in value]
    return str(value)
