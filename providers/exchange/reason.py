"""Why a provider refused a form, in its own words, fit for an administrator's trace."""

from collections.abc import Collection, Mapping

from ssoconsole.eventlog.masking import MASK
from ssoconsole.jose.errors import shown
from ssoconsole.jose.strict_json import MalformedJson
from ssoconsole.outbound.response import Response


def reason_of(response: Response, secrets: Collection[str | None]) -> str:
    """
    Name the provider's error (RFC 6749 section 5.2) on one short line.

    `secrets` are what was sent and must not be read here, should the provider quote it.
    """
    try:
        answer = response.json()
    except MalformedJson:
        answer = None
    members = answer if isinstance(answer, Mapping) else {}
    told = [members.get(name) for name in ("error", "error_description")]
    reason = ": ".join(text for text in told if isinstance(text, str) and text)
    # The longest first: a secret that is part of another one must not leave the rest of it standing.
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        reason = reason.replace(secret, MASK)
    return shown(f"status {response.status}, {reason}" if reason else f"status {response.status}")
