"""Why a provider refused a form, in its own words, fit for an administrator's trace."""

import html
import json
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import quote, quote_plus

from ssoconsole.platform.eventlog.masking import MASK
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.strict_json import MalformedJson
from ssoconsole.platform.outbound.response import Response


def reason_of(response: Response, secrets: Collection[str | None]) -> str:
    """
    Name the provider's error (RFC 6749 section 5.2) on one short line.

    `secrets` are what was sent and must not be read here, should the provider quote it: as it is, as it was sent in
    the form, or escaped for JSON or a page.
    """
    try:
        answer = response.json()
    except MalformedJson:
        answer = None
    members = answer if isinstance(answer, Mapping) else {}
    told = [members.get(name) for name in ("error", "error_description")]
    reason = ": ".join(text for text in told if isinstance(text, str) and text)
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    # The longest first: a secret that is part of another one must not leave the rest of it standing.
    for spelling in sorted(spellings, key=len, reverse=True):
        reason = reason.replace(spelling, MASK)
    return shown(f"status {response.status}, {reason}" if reason else f"status {response.status}")


def _spellings(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (html.escape(secret), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
