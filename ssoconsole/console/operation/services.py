"""Writing down what ran, and reading it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connections, router
from django.utils import timezone

from ssoconsole.console.operation.models import LastRun
from ssoconsole.platform.version import VERSION


def note_run(
    what: LastRun.What, *, at: datetime | None = None, details: Mapping[str, Any] | None = None
) -> LastRun:
    """Write down that `what` has come to its end, over what was there about the one before."""
    values = {"at": at or timezone.now(), "version": VERSION, "details": dict(details or {})}
    return LastRun.objects.update_or_create(what=what, defaults=values)[0]


def last_run(what: LastRun.What) -> LastRun | None:
    """Return when `what` last came to its end; None when it never did."""
    return LastRun.objects.filter(what=what).first()


def note_migration(*, using: str = "default", **kwargs: Any) -> None:
    """Write down which version has migrated; called after migrations, and nothing while the table is not there."""
    if not router.allow_migrate_model(using, LastRun):
        return
    with connections[using].cursor() as cursor:
        present = connections[using].introspection.table_names(cursor)
    if LastRun._meta.db_table in present:
        note_run(LastRun.What.MIGRATE)
