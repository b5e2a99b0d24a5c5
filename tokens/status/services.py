"""
Which status list a token is in, and where; and have lists built again as soon as something has ended.

A list is made when the first token falls into it.

The signal is a random word in the cache: a list that was built under another word is out of date. Where processes
share no cache, as a command and a server with a local one, a list is built again when it is `KEPT` seconds old.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from tokens.models import StatusList
from tokens.protocol.access_token import status_claim
from tokens.protocol.status_list import index_of, indices_of

# Places in a list. It is part of every token that is out, as the seeds are: to change it would move them all.
SIZE = 2**17
SEED_BYTES = 32
log = structlog.get_logger("tokens.status")

KEPT = 5  # seconds a list is served at most without a look at the database
# Of these, how long it is signed already and waits to be asked for; the answer with it is given again for the rest.
SIGNED_KEPT = 3

# Words that a cache did not take: nothing is kept under them before it has.
_untold: set[str] = set()

_WORD = "tokens:status-lists:word"
# Changes only with what tokens belong to, so that what is known of that is kept while tokens are revoked.
_HOLDERS_WORD = "tokens:status-lists:holders"


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

    def indices_of(self, numbers: Iterable[int]) -> Iterator[int]:
        """Yield the place of each token with one of these numbers."""
        first = self.number * SIZE
        return indices_of((number - first for number in numbers), seed=self.seed, size=SIZE)


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


def status_lists_changed() -> None:
    """
    Say that tokens have ended, or count again: true for every list that is asked for after the commit.

    Whatever the cause; for the commonest there is `tokens_revoked`.
    """
    transaction.on_commit(_say_all, robust=True)


def tokens_revoked() -> None:
    """Say the same of tokens that were revoked themselves, and whose bots, audiences and keys are what they were."""
    transaction.on_commit(_say, robust=True)


def tokens_perhaps_revoked() -> None:
    """Say it now, when the database has not answered whether they were."""
    _say()


def current_word() -> str | None:
    """
    Return the word a list has to be built under to be served; None without a cache, and then nothing is kept.

    To be read before the database is: what is committed in between then changes the word, and never too late.
    """
    return _read(_WORD)


def current_word_of_holders() -> str | None:
    """Return the word for what is kept of bots, to be read before the database as well."""
    return _read(_HOLDERS_WORD)


def _read(name: str) -> str | None:
    if name in _untold:
        _change(name)
        if name in _untold:
            return None
    try:
        return str(cache.get_or_set(name, _new_word, timeout=None))
    except Exception as error:  # each cache backend has its own exceptions, and none may close this door
        log.warning("status_lists_not_kept", error=type(error).__name__)
        return None


def _say() -> None:
    _change(_WORD)


def _say_all() -> None:
    # Holders before the other: whoever finds that one changed builds a list, and must not go by what was known of bots.
    _change(_HOLDERS_WORD, _WORD)


def _change(*words: str) -> None:
    _untold.update(words)
    try:
        for word in words:
            cache.set(word, _new_word(), timeout=None)
            _untold.discard(word)
    except (
        Exception
    ) as error:  # as above; for other processes a list is out of date by itself after `KEPT` seconds
        log.warning("status_lists_not_told", error=type(error).__name__)


def _new_word() -> str:
    # Random and not counted: a cache that has lost its memory must not arrive at an old word again.
    return secrets.token_hex(16)
