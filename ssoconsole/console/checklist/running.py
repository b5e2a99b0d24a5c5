"""What the console runs on, and what runs beside it."""

from datetime import timedelta

from django.conf import settings
from django.db import connection

from ssoconsole.console.checklist.item import Found, Item, Situation, bad, good
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import last_run
from ssoconsole.startup import uses_local_cache

CLEANED_WITHIN = timedelta(days=2)
FINGERPRINTED = "whitenoise.storage.CompressedManifestStaticFilesStorage"


def cache_is_shared(situation: Situation) -> Found:
    if not uses_local_cache():
        return good("All processes share it.")
    if settings.SERVER_PROCESSES > 1:
        return bad(f"{settings.SERVER_PROCESSES} processes have one each.")
    return good("There is one process.")


def database_fits(situation: Situation) -> Found:
    if connection.vendor == "sqlite" and settings.SERVER_PROCESSES > 1:
        return bad(f"{settings.SERVER_PROCESSES} processes share a SQLite file.")
    return good(f"{connection.display_name}.")


def static_files_are_collected(situation: Situation) -> Found:
    if settings.STORAGES["staticfiles"]["BACKEND"] == FINGERPRINTED:
        return good("They are served with fingerprints.")
    return bad("They are looked for at each request.")


def backups_are_made(situation: Situation) -> Found:
    return _ran(LastRun.What.BACKUP, situation, within=timedelta(days=settings.BACKUP_WITHIN_DAYS))


def cleanup_runs(situation: Situation) -> Found:
    return _ran(LastRun.What.CLEANUP, situation, within=CLEANED_WITHIN)


def metrics_have_readers(situation: Situation) -> Found:
    wide = [str(network) for network in settings.METRICS_NETWORKS if network.prefixlen == 0]
    if wide:
        return bad(f"METRICS_NETWORKS names everybody: {', '.join(wide)}.")
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < 20:
        return bad("METRICS_TOKEN can be guessed.")
    return good("Strangers are told that there are none.")


def _ran(what: LastRun.What, situation: Situation, *, within: timedelta) -> Found:
    run = last_run(what)
    if run is None:
        return bad("Never.")
    found = f"Last on {run.at:%Y-%m-%d %H:%M} UTC."
    return good(found) if situation.at - run.at <= within else bad(found)


ITEMS = (
    Item(
        "cache_shared",
        "Running",
        "All processes share a cache",
        "Set CACHE_URL to a Redis, or serve with one process.",
        cache_is_shared,
    ),
    Item(
        "database_fits",
        "Running",
        "The database takes as many processes as there are",
        "Set DATABASE_URL to a PostgreSQL, or serve with one process.",
        database_fits,
    ),
    Item(
        "static_collected",
        "Running",
        "Static files are collected",
        "manage.py collectstatic --noinput, and restart.",
        static_files_are_collected,
    ),
    Item(
        "backup_seen",
        "Running",
        "A backup was made lately (BACKUP_WITHIN_DAYS)",
        "manage.py backup --folder FOLDER, by a timer, where the folder is on another disk.",
        backups_are_made,
    ),
    Item(
        "cleanup_seen",
        "Running",
        "cleanup ran in the last two days",
        "manage.py cleanup, by a timer, every hour.",
        cleanup_runs,
    ),
    Item(
        "metrics_closed",
        "Running",
        "The metrics are not for everybody",
        "A METRICS_TOKEN of 20 characters or more, or METRICS_NETWORKS that are yours.",
        metrics_have_readers,
    ),
)
