"""What a status list says now: built from the few that have ended, never from all tokens, and signed."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.jose.sign import sign_jwt
from ssoconsole.platform.keyset.paginator import first_key_since
from tokens.keys.services import ensure_signing_key, private_keys
from tokens.models import Audience, Bot, Revocation, SigningKey, StatusList, TokenRecord
from tokens.models.record import OUT_OF_ORDER, audience_counts, bot_counts, key_counts, not_over
from tokens.protocol.status_list import encode, pack_invalid
from tokens.records.services import LONG_LIVED
from tokens.status.services import (
    KEPT,
    SIGNED_KEPT,
    SIZE,
    KnownList,
    current_word,
    current_word_of_holders,
    status_list_uri,
)

TYP = "statuslist+jwt"
ALG = "ES256"  # RS256 signs OpenMetadata's tokens, and not every API that takes those looks at typ
TTL = 60  # seconds after which an API asks again: the longest that it takes notice of a revocation
LIFETIME = 900  # seconds that an API may go on while the console does not answer

# A token's bit outlives the token: an API whose clock is behind must not see it come back in its last minutes.
KEPT_AFTER_THE_END = timedelta(days=1)

# Long-lived tokens whose lists are looked up. Where there are more, hardly any list that holds tokens is without one.
MANY = 200

_BY = Actor.command("status_list")
# Signed lists, in this process and not in the cache: whoever can write there must not say what has ended. By list: the
# word that it was built under, the list, and until when it is served (time.monotonic).
_lists: dict[UUID, tuple[str, str, float]] = {}
MOST_LISTS = 64
# By the word of holders, which no revocation changes: which lists there are, and until when that is good.
_numbers: dict[str, tuple[list[int], float]] = {}
# By the word they were found under: who they are, until when that is good (time.monotonic), and the numbers of their
# tokens in each list, to which none is added but by a request that was under way.
_known_dead_bots: dict[str, tuple[list[int], float, dict[UUID, list[int]]]] = {}
MOST_NUMBERS = 10_000
# Anybody may ask, and whoever asks while a list is being built wants the same one.
_one_at_a_time = threading.Lock()


def status_list_token(known: KnownList, *, at: datetime) -> str:
    """
    Return the signed list (draft-ietf-oauth-status-list-21 section 5.1) as it is at `at`.

    Whatever ended before this call is in it, except what another process ended without a shared cache, which may
    take `KEPT` seconds, and twice that where it was a bot or a person. Raises NoSigningKey.
    """
    token = _kept(known, word=current_word())
    if token is None:
        with _one_at_a_time:
            began, word = time.monotonic(), current_word()
            token = _kept(known, word=word)
            if token is None:
                token = _signed(known, at=at)
                if len(_lists) >= MOST_LISTS:
                    _lists.clear()
                if word:
                    _lists[known.id] = word, token, began + SIGNED_KEPT
    return token


def _kept(known: KnownList, *, word: str | None) -> str | None:
    under, token, until = _lists.get(known.id, (None, "", 0.0))
    return token if word and under == word and time.monotonic() < until else None


def status_list_uris(*, at: datetime) -> list[str]:
    """
    Return where the lists are that may hold a token which is neither revoked nor past its end (section 9.2).

    None that does is missing, as of not longer than `KEPT` seconds ago. A list too many harms nobody: those of the last
    `LONG_LIVED` are there whatever became of their tokens, so that the many are never read.
    """
    began, word = time.monotonic(), current_word_of_holders()
    numbers, until = _numbers.get(word or "", ([], began))
    if began >= until:
        numbers = _numbers_of_lists(at=at)
        _numbers.clear()
        if word:
            _numbers[word] = numbers, began + SIGNED_KEPT
    return [status_list_uri(number) for number in numbers]


def dead_numbers(known: KnownList, *, at: datetime) -> set[int]:
    """Return the numbers of the tokens in this list that do not count, for whatever reason but their age."""
    first, last = known.numbers
    not_long_over = not_over(at=at - KEPT_AFTER_THE_END)
    revoked = Revocation.objects.filter(not_long_over, record__gte=first, record__lte=last)
    dead: set[int] = set(revoked.values_list("record_id", flat=True))
    records = TokenRecord.objects.filter(not_long_over, number__gte=first, number__lte=last)
    dead.update(_of_dead_bots(known, records, at=at))
    # By each cause through its own index: one condition over all would join every token of the list to find the few.
    # Where there is no such audience or key, Django asks nothing.
    for among in (
        records.filter(audience__in=_ids(Audience.objects.exclude(audience_counts()))),
        records.filter(signing_key__in=_ids(SigningKey.objects.exclude(key_counts(at=at)))),
    ):
        dead.update(_ids(among))
    return dead


def _numbers_of_lists(*, at: datetime) -> list[int]:
    records = TokenRecord.objects.order_by()
    # What is no longer `LONG_LIVED` ends within that time, so older lists are for those that are, and for the endless.
    long = records.filter(long_lived=True, expires_at__gt=at).values_list("number", "revocation")[:MANY]
    if len(long) == MANY:
        oldest, newest = (Subquery(records.order_by(by).values("number")[:1]) for by in ("number", "-number"))
        older = Q(number__gte=oldest / SIZE, number__lte=newest / SIZE)
    else:
        theirs = {number // SIZE for number, revocation in long if revocation is None}
        older = Q(number__in=theirs) | _holding(records.filter(expires_at=None, revocation=None))
    recent = first_key_since(TokenRecord, time_field="issued_at", at=at - LONG_LIVED - OUT_OF_ORDER)
    needed = older if recent is None else Q(number__gte=recent // SIZE) | older
    return list(StatusList.objects.filter(needed).order_by("number").values_list("number", flat=True))


def _holding(records: QuerySet[TokenRecord]) -> Q:
    """Lists that hold one of these; of each list one is looked for, by its number."""
    first = Cast(OuterRef("number"), BigIntegerField()) * SIZE
    return Q(Exists(records.filter(number__gte=first, number__lt=first + SIZE)))


def _signed(known: KnownList, *, at: datetime) -> str:
    indices = known.indices_of(dead_numbers(known, at=at))
    issued_at = int(at.timestamp())
    claims = {
        "sub": known.uri,
        "iat": issued_at,
        "exp": issued_at + LIFETIME,
        "ttl": TTL,
        "status_list": {"bits": 1, "lst": encode(pack_invalid(indices, size=SIZE), sparse=True)},
    }
    key = ensure_signing_key(alg=ALG, by=_BY)
    return sign_jwt(claims, key=private_keys.of(key), alg=ALG, kid=key.kid, typ=TYP)


def _of_dead_bots(known: KnownList, records: QuerySet[TokenRecord], *, at: datetime) -> list[int]:
    """
    Numbers of those of `records`, which are in this list, whose bots do not count.

    As of the last change of a bot or a person: bots are found among all, and no revocation makes others of them.
    Remembered in this process, and not in the cache: whoever can write there must not say who counts.
    """
    word = current_word_of_holders()
    bots, until, numbers = _known_dead_bots.get(word or "", ([], 0.0, {}))
    if time.monotonic() >= until:
        bots, numbers = _dead_bots(at=at), {}
        _known_dead_bots.clear()
        if word:
            _known_dead_bots[word] = bots, time.monotonic() + KEPT, numbers
    if known.id in numbers:
        return numbers[known.id]
    found = _ids(records.filter(bot__in=bots))
    if len(found) <= MOST_NUMBERS and len(numbers) < MOST_LISTS:
        numbers[known.id] = found
    return found


def _dead_bots(*, at: datetime) -> list[int]:
    """Bots that do not count and have tokens that are not long over."""
    held = TokenRecord.objects.filter(bot=OuterRef("pk"))
    # Two conditions, because each is a place in the index, and both in one would be read from all that was held.
    endless, recent = held.filter(expires_at=None), held.filter(expires_at__gt=at - KEPT_AFTER_THE_END)
    return _ids(Bot.objects.exclude(bot_counts()).filter(Exists(endless) | Exists(recent)))


def _ids(rows: "QuerySet[Any]") -> list[Any]:
    return list(rows.order_by().values_list("pk", flat=True))
