"""A few tries a minute, counted for all processes together."""

import hashlib
import time
from collections import deque

import structlog
from django.core.cache import cache

TRIES = 3
WINDOW = 60  # seconds
MOST = 1_000  # names that one process counts for itself while the cache is away

log = structlog.get_logger(__name__)

_local: dict[str, deque[float]] = {}


def may_try(what: str, *, tries: int = TRIES) -> bool:
    """
    Take one of a few tries a minute at `what`, any text. One cool-down would be too little where two changes follow
    each other.

    All processes share the count through the cache; while the cache is down each counts for itself.
    """
    key = f"tries:{hashlib.sha256(what.encode('utf-8', 'surrogatepass')).hexdigest()}"
    try:
        if cache.add(key, 1, timeout=WINDOW):
            return True
        return cache.incr(key) <= tries
    except ValueError:  # it ran out between the two calls
        return True
    except Exception as error:  # every cache backend has errors of its own
        log.warning("cache_down", reason=type(error).__name__)
        return _may_try_locally(key, tries=tries, now=time.monotonic())


def _may_try_locally(key: str, *, now: float, tries: int = TRIES) -> bool:
    if len(_local) >= MOST:
        _local.clear()
    taken = _local.setdefault(key, deque(maxlen=tries))
    if len(taken) == tries and taken[0] > now - WINDOW:
        return False
    taken.append(now)
    return True
