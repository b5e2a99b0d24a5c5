"""Run the checklist, and show it in the admin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ssoconsole.console.checklist import exposure, keys, people, running
from ssoconsole.console.checklist.item import Found, Item, Situation, untold
from ssoconsole.console.checklist.running import cleanup_runs
from ssoconsole.platform.encryption.keyring import KeyRingInvalid, key_ring

ITEMS: tuple[Item, ...] = (*exposure.ITEMS, *people.ITEMS, *keys.ITEMS, *running.ITEMS)


@dataclass(frozen=True, slots=True)
class Result:
    """An item and how it stands: `status` is good, bad or unknown."""

    item: Item
    finding: Found

    @property
    def status(self) -> str:
        return {True: "good", False: "bad", None: "unknown"}[self.finding.ok]


def go_through(*, at: datetime, request: HttpRequest | None = None, all_under: str = "") -> list[Result]:
    """
    Look at every item, as it is now. Nothing is fetched from the network and nothing is written.

    What needs the database is unknown while that does not answer. `all_under`: see `Situation`.
    """
    situation = Situation(at=at, request=request, all_under=all_under)
    return [Result(item, _look(item, situation)) for item in ITEMS]


def summary(*, at: datetime, before: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return how many of the items do not hold, for `cleanup` to keep: pages are not to wait for all of them.

    Without the one that asks when `cleanup` has run, which it is doing. `before` is what this has returned the last
    time: while the newest encryption key is the same, what was under it is not read again.
    """
    results = go_through(at=at, all_under=str(before.get("all_under", "")))
    bad = [result for result in results if result.status == "bad" and result.item.look is not cleanup_runs]
    good = {result.item.look for result in results if result.status == "good"}
    return {
        "open": len(bad),
        "of": len(ITEMS),
        "at": f"{at:%Y-%m-%d %H:%M}",
        "all_under": key_ring().newest_key_id if keys.all_under_the_newest_key in good else "",
    }


def by_area(results: list[Result]) -> Iterator[tuple[str, list[Result]]]:
    """The results under their areas, in the order of the list."""
    for area in dict.fromkeys(result.item.area for result in results):
        yield area, [result for result in results if result.item.area == area]


def _look(item: Item, situation: Situation) -> Found:
    try:
        return item.look(situation)
    except DatabaseError:
        return untold("The database does not answer, or lacks a migration.")
    except KeyRingInvalid as error:  # ssoconsole.E005 says the same, and what to do
        return untold(f"FIELD_ENCRYPTION_KEYS cannot be used: {error}.")


@require_safe
def checklist(request: HttpRequest) -> HttpResponse:
    """Show every item, green or red with the remedy; only to administrators who may do everything."""
    if not request.user.is_superuser:
        raise PermissionDenied
    results = go_through(at=timezone.now(), request=request)
    context = {
        **admin.site.each_context(request),
        "title": "Production checklist",
        "areas": list(by_area(results)),
        "open": sum(result.status == "bad" for result in results),
    }
    return render(request, "admin/checklist.html", context)
