"""
Have status lists built again as soon as something ended.

The signal is a random word in the cache: a list that was built under another word is out of date. Where processes
share no cache, as a command and a server with a local one, a list is built again when it is `KEPT` seconds old.
"""

import secrets
from typing import Any

import structlog
from django.core.cache import cache
from django.db import transaction

log = structlog.get_logger("tokens.status")

KEPT = 5  # seconds a list is served at most without a look at the database

_WORD = "tokens:status-lists:word"
# Changes only with what tokens belong to, so that what is known of that is kept while tokens are revoked.
_HOLDERS_WORD = "tokens:status-lists:holders"


def status_lists_changed() -> None:
    """
    Say that tokens have ended, or count again: true for every list that is asked for after the commit.

    Whatever the cause; for the commonest there is `tokens_revoked`.
    """
    transaction.on_commit(_say_all, robust=True)


def tokens_revoked() -> None:
    """Say the same of tokens that were revoked themselves, and whose bots, audiences and keys are what they were."""
    transaction.on_commit(_say, robust=True)


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
    try:
        return str(cache.get_or_set(name, _new_word, timeout=None))
    except Exception as error:  # each cache backend has its own exceptions, and none may close this door
        log.warning("status_lists_not_kept", error=type(error).__name__)
        return None


def kept(name: str, *, word: str | None) -> Any:
    """
    Return what was kept under this name and word, not longer ago than `KEPT` seconds; else None.

    It is JSON, and somebody else may have written it.
    """
    try:
        found = cache.get(name) if word else None
    except Exception as error:  # as above
        log.warning("status_lists_not_kept", error=type(error).__name__)
        return None
    return found[1] if isinstance(found, list) and len(found) == 2 and found[0] == word else None


def keep(name: str, value: Any, *, word: str | None) -> None:
    """Keep a value, which is JSON, for those who ask next."""
    try:
        if word:
            cache.set(name, (word, value), timeout=KEPT)
    except Exception as error:  # as above
        log.warning("status_lists_not_kept", error=type(error).__name__)


def _say() -> None:
    _change(_WORD)


def _say_all() -> None:
    # Holders before the other: whoever finds that one changed builds a list, and must not go by what was known of bots.
    _change(_HOLDERS_WORD, _WORD)


def _change(*words: str) -> None:
    try:
        for word in words:
            cache.set(word, _new_word(), timeout=None)
    except Exception as error:  # as above; each list is out of date by itself after `KEPT` seconds
        log.warning("status_lists_not_told", error=type(error).__name__)


def _new_word() -> str:
    # Random and not counted: a cache that has lost its memory must not arrive at an old word again.
    return secrets.token_hex(16)
