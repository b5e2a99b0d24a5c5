"""What a provider itself said of a refusal: its `error` and `error_description`."""

import re
from dataclasses import dataclass

from providers.models import SignInAttempt

# The outcomes whose `received` is the provider's own words, as `providers.exchange.reason` writes them.
IN_ITS_WORDS = frozenset(
    {
        "provider_error",
        "provider_unavailable",
        "pushed_authorization_refused",
        "refresh_refused",
        "token_endpoint_error",
        "userinfo_error",
    }
)
_WORDS = re.compile(
    r"(?:status (?P<status>\d{3})(?:, |\Z))?(?P<error>[!-~]*)(?:: (?P<description>.*))?\Z", re.DOTALL
)


@dataclass(frozen=True)
class Said:
    """`error` and `description` are a provider's text, "" for none; `status` that of its answer, if it is known."""

    error: str
    description: str
    status: str = ""


def said_by_provider(attempt: SignInAttempt) -> Said | None:
    """Return what the provider said, None where the refusal is the console's own."""
    if attempt.outcome not in IN_ITS_WORDS:
        return None
    found = _WORDS.match(attempt.received)
    if found is None or not any(found.groups()):
        return None
    error = (found["error"] or "").removesuffix(":")
    return Said(error, found["description"] or "", found["status"] or "")
