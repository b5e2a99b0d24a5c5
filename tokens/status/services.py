"""Which list a token is in, and where: lists are made when the first token falls into them."""

import secrets
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from tokens.models import StatusList
from tokens.protocol.access_token import status_claim
from tokens.protocol.status_list import index_of

# Places in a list. It is part of every token that is out, as the seeds are: to change it would move them all.
SIZE = 2**17
SEED_BYTES = 32


@dataclass(frozen=True)
class KnownList:
    """What never changes about a list, once it is in the database."""

    id: UUID
    number: int
    seed: bytes = field(repr=False)

    @property
    def uri(self) -> str:
        return status_list_uri(self.number)

    @property
    def numbers(self) -> tuple[int, int]:
        """The first number of a token in this list, and the last."""
        return self.number * SIZE, (self.number + 1) * SIZE - 1

    def index_of(self, number: int) -> int:
        """Return the place of the token with this number."""
        return index_of(number - self.number * SIZE, seed=self.seed, size=SIZE)


def status_list_uri(number: int) -> str:
    """Where a list is served, and what it calls itself in `sub`."""
    return f"{settings.BASE_URL}/oauth/status/{number}"


def status_of(number: int, *, by: Actor) -> dict[str, Any]:
    """
    Return the `status` claim of the token whose record, which is in the database, has this number.

    Costs no query once this process knows the list, and makes the list if this is the first token in it.
    """
    known = ensure_status_list(number=number // SIZE, by=by)
    return status_claim(index=known.index_of(number), uri=known.uri)


def ensure_status_list(*, number: int, by: Actor) -> KnownList:
    """Return the list with this number, made now if there is none."""
    found = find_status_list(number)
    if found:
        return found
    _unsure.add(number)
    try:
        with transaction.atomic():
            row = StatusList(number=number)
            row.seed = secrets.token_urlsafe(SEED_BYTES)
            row.save(force_insert=True)
            record_event("status_list_created", by=by, target=str(number))
    except IntegrityError:
        # Somebody else has just made it: the database lets a number be used once.
        row = StatusList.objects.get(number=number)
    return _remembered(row)


def find_status_list(number: int) -> KnownList | None:
    """Return the list with this number, or None."""
    if number in _known:
        return _known[number]
    row = StatusList.objects.filter(number=number).first()
    return _remembered(row) if row else None


def forget_status_lists() -> None:
    """Forget what this process knows, for a database that has been replaced under it."""
    _known.clear()
    _unsure.clear()


_known: dict[int, KnownList] = {}
# Lists that this process has made and not seen committed: a transaction that is rolled back takes its list with it.
_unsure: set[int] = set()


def _remembered(row: StatusList) -> KnownList:
    known = KnownList(id=row.pk, number=row.number, seed=row.seed.encode("ascii"))
    if row.number in _unsure:
        transaction.on_commit(partial(_remember, known))
    else:
        _remember(known)
    return known


def _remember(known: KnownList) -> None:
    _known[known.number] = known
    _unsure.discard(known.number)
