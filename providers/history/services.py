"""
Writing versions, in the transaction and under the lock of the write that they are of.

A registration may have been there before its history, or have been written by the previous release or by hand in the
database: what stands and is in no version becomes one of its own before it is written over.
"""

from django.utils import timezone

from providers.history.configuration import (
    Configuration,
    VersionUnknown,
    VersionUnusable,
    configuration_in,
    configuration_of,
    written,
)
from providers.models import Provider, ProviderVersion
from ssoconsole.platform.actors import Actor

LONGEST_NOTE = 300
UNSEEN = "as it was found: written before there was a history, or past it"


def find_version(*, provider: Provider, number: int) -> ProviderVersion:
    """Return one version of a provider. Raises VersionUnknown."""
    version = ProviderVersion.objects.filter(provider=provider, number=number).first()
    if version is None:
        raise VersionUnknown(expected="a version of this provider", received=str(number))
    return version


def keep_what_stands(stored: Provider) -> int:
    """Return the number of the version that the row `stored` is, written now if the newest is another."""
    newest = _newest(stored)
    stands = configuration_of(stored)
    if newest is not None and _is(newest, stands):
        return newest.number
    return _write(stored, stands, newest, by="unknown", note=UNSEEN).number


def record_version(*, provider: Provider, by: Actor, note: str = "") -> ProviderVersion:
    """Write down what a provider was just saved as, by whom, and in `note` what for if that is not plain."""
    return _write(provider, configuration_of(provider), _newest(provider), by=str(by), note=note)


def _write(
    provider: Provider, now: Configuration, newest: ProviderVersion | None, *, by: str, note: str
) -> ProviderVersion:
    version = ProviderVersion(
        provider=provider,
        number=newest.number + 1 if newest else 1,
        at=timezone.now(),
        by=by[:300],
        changed=_changed(newest, now),
        note=note[:LONGEST_NOTE],
    )
    version.configuration = written(now)
    version.save(force_insert=True)
    return version


def _newest(provider: Provider) -> ProviderVersion | None:
    return ProviderVersion.objects.filter(provider=provider).order_by("-number").first()


def _is(version: ProviderVersion, configuration: Configuration) -> bool:
    try:
        return configuration_in(version) == configuration
    except VersionUnusable:
        return False


def _changed(newest: ProviderVersion | None, now: Configuration) -> list[str]:
    """The fields that differ from the version before; of the first, and after one that is lost, none."""
    if newest is None:
        return []
    try:
        before = configuration_in(newest)
    except VersionUnusable:
        return []
    return [name for name in now if before.get(name) != now[name]]
