"""Deletion of many rows, in batches of a transaction each: while others write, and to be stopped at any time."""

from typing import Any

from django.db.models import QuerySet

from ssoconsole.platform.progress import over

BATCH = 1_000


def delete_in_batches(rows: "QuerySet[Any]") -> int:
    """
    Delete these rows and what goes with them; return how many of these there were.

    In their own order, which should be that of the index they are found by: by that of their keys, all would be read.
    """
    deleted = 0
    batches = iter(lambda: list(rows.values_list("pk", flat=True)[:BATCH]), [])
    for batch in over(batches, what=f"{rows.model._meta.verbose_name_plural} deleted", each=BATCH):
        by_model = rows.model._default_manager.filter(pk__in=batch).delete()[1]
        deleted += by_model.get(rows.model._meta.label, 0)
    return deleted
