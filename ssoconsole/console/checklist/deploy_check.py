"""`manage.py check --deploy`: the same list, in Django's words."""

from collections.abc import Iterator
from typing import Any

from django.core import checks
from django.utils import timezone

from ssoconsole.console.checklist.services import go_through


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
