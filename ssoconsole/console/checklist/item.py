"""One item of the checklist, and how it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What an item looks at besides settings and database: the time, and the request where there is one.

    `all_under` is the id of an encryption key that every value was found under before, empty where none was.
    """

    at: datetime
    request: HttpRequest | None = None
    all_under: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """`found` is what is there, one sentence without a secret; None for `ok` means that it cannot be told here."""

    ok: bool | None
    found: str


@dataclass(frozen=True, slots=True)
class Item:
    """`code` is stable; `title` says what should hold, `remedy` what to do where it does not."""

    code: str
    area: str
    title: str
    remedy: str
    look: Callable[[Situation], Found]


def good(found: str) -> Found:
    return Found(ok=True, found=found)


def bad(found: str) -> Found:
    return Found(ok=False, found=found)


def untold(found: str) -> Found:
    return Found(ok=None, found=found)
