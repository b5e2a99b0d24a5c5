"""What a token says, as far as it may be shown: never the token itself, nor anything that proves something."""

import re
from collections.abc import Mapping
from typing import Any

from ssoconsole.platform.eventlog.masking import MASK, mask
from tokens.protocol.examination.text import Unverified

# It binds a token to a browser, and who knows it could make a token that fits.
NOT_SHOWN = frozenset({"nonce"})
_TOKEN = re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]*")


def header_shown(unverified: Unverified) -> dict[str, Any] | None:
    return None if unverified.header is None else _shown(unverified.header)


def claims_shown(unverified: Unverified) -> dict[str, Any] | None:
    return None if unverified.claims is None else _shown(unverified.claims)


def _shown(members: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {name: MASK if name in NOT_SHOWN else value for name, value in members.items()}
    shown: dict[str, Any] = _without_tokens(mask(hidden))
    return shown


def _without_tokens(value: Any) -> Any:
    """The same with every text masked that is a token within the token."""
    if isinstance(value, dict):
        return {name: _without_tokens(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_tokens(inner) for inner in value]
    return MASK if isinstance(value, str) and _TOKEN.fullmatch(value) else value
