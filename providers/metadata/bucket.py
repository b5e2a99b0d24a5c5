"""How often a provider may be asked again for its keys, however many tokens with unknown keys come in."""

import time
from collections import deque
from uuid import UUID

import structlog
from django.core.cache import cache

TRIES = 3
WINDOW = 60  # seconds

log = structlog.get_logger(__name__)

_local: dict[UUID, deque[float]] = {}


def may_refetch(provider_id: UUID) -> bool:
    """
    Take one of three tries a minute. A single cool-down would refuse a sign-in after two rotations in a row.

    All replicas share the count through the cache; while the cache is down each process counts for itself.
    """
    key = f"providers.keys.refetched:{provider_id}"
    try:
        if cache.add(key, 1, timeout=WINDOW):
            return True
        return cache.incr(key) <= TRIES
    except ValueError:  # it ran out between the two calls
        return True
    except Exception as error:  # every cache backend has errors of its own
        log.warning("cache_down", reason=type(error).__name__)
        return _may_refetch_locally(provider_id, now=time.monotonic())


def _may_refetch_locally(provider_id: UUID, *, now: float) -> bool:
    taken = _local.setdefault(provider_id, deque(maxlen=TRIES))
    if len(taken) == TRIES and taken[0] > now - WINDOW:
        return False
    taken.append(now)
    return True
