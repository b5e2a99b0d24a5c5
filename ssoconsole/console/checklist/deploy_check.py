"""`manage.py check --deploy`: the same list, in Django's words."""

from collections.abc import Iterator
from typing import Any

from django.core import checks
from django.db import OperationalError, connection
from django.utils import timezone

from ssoconsole.console.checklist.services import go_through
from ssoconsole.console.upgrade.schema import problem
from ssoconsole.plainly import DATABASE, about_database


@checks.register("checklist", deploy=True)
def production_checklist(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Warn of each item that does not hold; with the remedy as the hint, and `checklist.<code>` as the id."""
    for result in go_through(at=timezone.now()):
        if result.status == "bad":
            yield checks.Warning(
                f"Not so: {result.item.title}. {result.finding.found}",
                hint=result.item.remedy,
                id=f"checklist.{result.item.code}",
            )


@checks.register("database_fits", deploy=True)
def database_fits(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """The database answers, and is neither newer nor older than this code: else no process serves."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        wrong, remedy = about_database(error) or ("The database does not answer.", "")
        yield checks.Error(wrong, hint=remedy, id=DATABASE)
    else:
        if unfitting := problem():
            yield unfitting
