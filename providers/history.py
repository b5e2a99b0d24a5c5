"""
The history of a registration: each write is a version that can be read, compared and restored.

A version is written in the transaction, and under the lock, of the write that it records. A registration may be older
than its history, or may have been written by the previous release or by hand in the database: a state that is in no
version becomes one before it is overwritten.

As text a version holds the client secret in clear, so that text only ever goes into an encrypted column. Differences
are shown to people who may see everything but secrets.
"""

import json
from copy import copy
from itertools import pairwise
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from providers.models import Provider, ProviderVersion
from providers.models.provider import (
    LOST,
    NOT_CONFIGURATION,
    UNREADABLE,
    VersionUnusable,
    configuration_in,
    put_registration,
    readable_secret,
)
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import in_words, is_secret

Configuration = dict[str, Any]

LONGEST_NOTE = 300
CONFIGURED = tuple(
    field.name for field in Provider._meta.concrete_fields if field.name not in NOT_CONFIGURATION
)
UNSEEN = "as it was found: written before there was a history, or past it"

NOW = "now"
PAGE = 20


class VersionUnknown(DomainError):
    """There is no such version of this provider."""

    code = "version_unknown"


def configuration_of(provider: Provider) -> Configuration:
    """
    Return everything that an administrator decides about a provider, the client secret in clear.

    In the order of the model's fields, and as it comes back from text.
    """
    secret = readable_secret(provider)
    told = LOST if secret is UNREADABLE else secret
    found = {name: told if name == "client_secret" else getattr(provider, name) for name in CONFIGURED}
    return dict(json.loads(written(found)))


def written(configuration: Configuration) -> str:
    """Return the text of a configuration."""
    return json.dumps(configuration, cls=DjangoJSONEncoder)


def registration_in(version: ProviderVersion, *, onto: Provider) -> Provider:
    """Return a copy of the row `onto` with the registration of `version`, not saved. Raises VersionUnusable."""
    row = copy(onto)
    put_registration(version, on=row)
    return row


def find_version(*, provider: Provider, number: int) -> ProviderVersion:
    """Return one version of a provider. Raises VersionUnknown."""
    version = ProviderVersion.objects.filter(provider=provider, number=number).first()
    if version is None:
        raise VersionUnknown(expected="a version of this provider", received=str(number))
    return version


def keep_what_stands(stored: Provider) -> ProviderVersion:
    """Return the version that the row `stored` is, written now if the newest is another."""
    newest = _newest(stored)
    stands = configuration_of(stored)
    if newest is not None and _opened(newest) == stands:
        return newest
    return _write(stored, stands, newest, by="unknown", note=UNSEEN)


def record_version(
    *, provider: Provider, by: Actor, note: str = "", after: ProviderVersion | None = None
) -> ProviderVersion:
    """
    Write down what a provider was just saved as, by whom, and in `note` what for if that is not plain.

    It comes `after` the newest version, which is read where the caller does not have it.
    """
    newest = after or _newest(provider)
    return _write(provider, configuration_of(provider), newest, by=str(by), note=note)


def _write(
    provider: Provider, now: Configuration, newest: ProviderVersion | None, *, by: str, note: str
) -> ProviderVersion:
    # Of the first version, and after one that is lost, nothing is known to differ.
    before = _opened(newest) if newest else None
    version = ProviderVersion(
        provider=provider,
        number=newest.number + 1 if newest else 1,
        at=timezone.now(),
        by=by[:300],
        changed=[] if before is None else [name for name in now if before.get(name) != now[name]],
        note=note[:LONGEST_NOTE],
    )
    version.configuration = written(now)
    version.save(force_insert=True)
    return version


def _newest(provider: Provider) -> ProviderVersion | None:
    return ProviderVersion.objects.filter(provider=provider).order_by("-number").first()


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
    old, new = (in_words(side[name]) if name in side else "-" for side in (before, after))
    # Values that are told alike differ in a secret within.
    return Difference(name, old, f"{new} (changed)" if old == new else new)


def _hidden(value: object, word: str) -> str:
    return f"({word})" if value else "(none)"


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
