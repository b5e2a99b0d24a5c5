"""Writing down what ran, and reading it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, connections, router, transaction
from django.utils import timezone

from ssoconsole.platform.runs.models import LastFailure, LastRun
from ssoconsole.platform.version import VERSION

log = structlog.get_logger("operation")


def note_run(
    what: LastRun.What, *, at: datetime | None = None, details: Mapping[str, Any] | None = None
) -> LastRun:
    """Write down that `what` has come to its end, over what was there about the one before."""
    values = {"at": at or timezone.now(), "version": VERSION, "details": dict(details or {})}
    return LastRun.objects.update_or_create(what=what, defaults=values)[0]


@contextmanager
def failures_noted(what: LastRun.What) -> Iterator[None]:
    """Write down that `what` has failed where this block ends with an exception; why is for the log."""
    try:
        yield
    except BaseException:
        try:
            with transaction.atomic():
                LastFailure.objects.update_or_create(what=what, defaults={"at": timezone.now()})
        except DatabaseError as error:  # it may be what has failed
            log.warning("failure_not_recorded", what=str(what), reason=type(error).__name__)
        raise


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
