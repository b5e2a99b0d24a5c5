"""What differs between two configurations, told to a person who may see everything but secrets."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from providers.history.configuration import Configuration
from ssoconsole.platform.eventlog.masking import is_secret, mask


class Difference(NamedTuple):
    """One field, and both of its values as they are shown."""

    field: str
    before: str
    after: str


def differences(before: Configuration, after: Configuration) -> list[Difference]:
    """Return what differs, in the order of `after`, then what only `before` has."""
    names = [*after, *(name for name in before if name not in after)]
    return [_difference(name, before, after) for name in names if before.get(name) != after.get(name)]


def _difference(name: str, before: Configuration, after: Configuration) -> Difference:
    if is_secret(name):
        return Difference(name, _hidden(before.get(name), "earlier"), _hidden(after.get(name), "changed"))
    old, new = (_told(side[name]) if name in side else "-" for side in (before, after))
    # Values that are told alike differ in a secret within.
    return Difference(name, old, f"{new} (changed)" if old == new else new)


def _hidden(value: object, word: str) -> str:
    return f"({word})" if value else "(none)"


def _told(value: Any) -> str:
    """Text as it is; an empty one and everything else as JSON, with what is secret by its name masked."""
    if isinstance(value, str) and value:
        return value
    shown = mask(value) if isinstance(value, (Mapping, list)) else value
    return json.dumps(shown, ensure_ascii=False)
