"""
The cache that all processes share, given up for a moment when it does not answer.

Whoever uses the cache does without it when it raises (see `ssoconsole.limits`). What must not happen is that each
use waits for the time-out first: a sign-in has several, and a status list is built under a lock.
"""

import time
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as TimedOut

# Short: what is not said to the others in this time, they find out when their copies are out of date.
PAUSE = 1.0  # seconds


class PausingRedis(Redis):
    """A client that, after a failure, fails at once for `PAUSE` seconds, whichever thread asks."""

    _away_until = 0.0

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if time.monotonic() < PausingRedis._away_until:
            raise ConnectionLost("The cache did not answer a moment ago.")
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis's own
        except (ConnectionLost, TimedOut):
            PausingRedis._away_until = time.monotonic() + PAUSE
            raise


class SharedCacheClient(RedisCacheClient):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._client = PausingRedis


class SharedCache(RedisCache):
    """Django's Redis cache with a client that does not make everybody wait."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SharedCacheClient
