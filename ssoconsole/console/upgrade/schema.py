"""Which migrations the database has, compared with those that this code comes with."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migration = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """`unknown`: the database has had them, and this code has not; `pending`: the other way round."""

    unknown: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    last_migrated_by: str = ""


def compare() -> Difference:
    """Compare by one query, two when they differ; nothing is written. Raises DatabaseError."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    ours = own_migrations()
    unknown = tuple(sorted(applied - ours))
    pending = tuple(sorted(_needed() - applied))
    return Difference(unknown, pending, last_migrated_by() if unknown else "")


def problem(*, pending_too: bool = True) -> checks.Error | None:
    """
    Return what keeps this code from using this database, None when nothing does or it does not answer.

    A database that is away is no reason not to start: `/readyz` says so until it is back.
    """
    try:
        difference = compare()
    except DatabaseError:
        return None
    if difference.unknown and not settings.ALLOW_NEWER_DATABASE:
        return _newer(difference)
    if difference.pending and pending_too:
        return _older(difference)
    return None


@cache
def own_migrations() -> frozenset[Migration]:
    """Every migration that this code comes with, by (app, name). Read from disk once."""
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations) | frozenset(loader.replacements)


@cache
def _needed() -> frozenset[Migration]:
    return frozenset(MigrationLoader(None).graph.nodes)


def last_migrated_by() -> str:
    """The version that last migrated the database; "" when none is on record or the record cannot be read."""
    from ssoconsole.platform.runs.models import LastRun

    try:
        return LastRun.objects.values_list("version", flat=True).get(what=LastRun.What.MIGRATE)
    except (LastRun.DoesNotExist, DatabaseError):  # a newer console may keep it otherwise
        return ""


def _newer(difference: Difference) -> checks.Error:
    by = f", last migrated by version {difference.last_migrated_by}" if difference.last_migrated_by else ""
    return checks.Error(
        f"The database is newer than this code: it has had {_named(difference.unknown)}{by}.",
        hint="Start the newer version, or restore the backup from before the upgrade. To go back by one version whose "
        "migrations only add, as all of one release do, set ALLOW_NEWER_DATABASE=true until the newer one runs again.",
        id="ssoconsole.E011",
    )


def _older(difference: Difference) -> checks.Error:
    return checks.Error(
        f"The database is older than this code: it lacks {_named(difference.pending)}.",
        hint="Back it up (manage.py backup --out FILE), and then run: manage.py migrate",
        id="ssoconsole.E012",
    )


def _named(migrations: tuple[Migration, ...]) -> str:
    first = ".".join(migrations[0])
    return first if len(migrations) == 1 else f"{first} and {len(migrations) - 1} more"
