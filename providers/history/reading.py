"""A provider's versions, for the page and the command that show them.

What differs between two configurations, told to a person who may see everything but secrets.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from providers.history.configuration import (
    Configuration,
    VersionUnknown,
    VersionUnusable,
    configuration_in,
    configuration_of,
)
from providers.history.services import find_version
from providers.models import Provider, ProviderVersion
from ssoconsole.platform.eventlog.services import is_secret, mask


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


NOW = "now"
PAGE = 20


class Entry(NamedTuple):
    """A version and what it changed; None where that cannot be told: of the first, or one that does not open."""

    version: ProviderVersion
    changes: list[Difference] | None


class Page(NamedTuple):
    """Some versions, newest first; `older` is the number to go on before, None at the end."""

    entries: list[Entry]
    older: int | None


def page_of_versions(provider: Provider, *, before: int | None = None, size: int = PAGE) -> Page:
    """Return the newest versions, or the newest of those before a number; by one query, whatever their number."""
    versions = ProviderVersion.objects.filter(provider=provider).order_by("-number")
    if before is not None:
        versions = versions.filter(number__lt=before)
    rows = list(versions[: size + 1])
    kept: list[Configuration | None] = [_opened(version) for version in rows]
    shown = [_entry(*both) for both in zip(rows, pairwise([*kept, None]), strict=True)]
    more = len(rows) > size
    return Page(shown[:size], rows[size - 1].number if more else None)


def difference_between(provider: Provider, first: str, second: str) -> list[Difference]:
    """
    Return what differs from one version to another; each is a number, or NOW for what is stored.

    Raises VersionUnknown and VersionUnusable.
    """
    return differences(_configuration(provider, first), _configuration(provider, second))


def _entry(version: ProviderVersion, both: tuple[Configuration | None, Configuration | None]) -> Entry:
    after, before = both
    return Entry(version, None if before is None or after is None else differences(before, after))


def _opened(version: ProviderVersion) -> Configuration | None:
    try:
        return configuration_in(version)
    except VersionUnusable:
        return None


def _configuration(provider: Provider, which: str) -> Configuration:
    if which == NOW:
        return configuration_of(provider)
    # A number that no column holds is no version's.
    if not (which.isascii() and which.isdecimal() and len(which) < 10):
        raise VersionUnknown(expected=f"a number, or {NOW}", received=which[:20])
    return configuration_in(find_version(provider=provider, number=int(which)))
