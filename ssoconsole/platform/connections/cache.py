"""
The cache that all processes share: JSON and nothing else, and given up for a moment when it does not answer.

Django's own unpickles what it reads, so that whoever can write to Redis runs code in the console. Here the worst
that he can do is to count wrong and to have lists built again.

Whoever uses the cache does without it when it raises (see `ssoconsole.platform.limits`). What must not happen is that
each use waits for the time-out first: a sign-in has several, and a status list is built under a lock.
"""

import json
import os
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeAlias

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as TimedOut

# Short: what is not said to the others in this time, they find out when their copies are out of date.
PAUSE = 1.0  # seconds

Key: TypeAlias = "str | bytes | memoryview[int]"  # as RedisCacheClient's own methods take it

log = structlog.get_logger("cache")


class JsonSerializer:
    """What a cache keeps: whole numbers as they are, which Redis can count up, and everything else as JSON."""

    def dumps(self, obj: Any) -> Any:
        """Return an int or a str. Raises TypeError or ValueError for what is no JSON."""
        return obj if type(obj) is int else json.dumps(obj, allow_nan=False, separators=(",", ":"))

    def loads(self, data: Any) -> Any:
        """Raises ValueError or RecursionError for what is no JSON."""
        return data if type(data) is int else json.loads(data)


class PausingRedis(Redis):
    """
    A client that, after a failure, fails at once for `PAUSE` seconds, whichever thread asks.

    Each thread keeps a connection of its own: to take one out of the library's pool costs as much as the command.
    """

    _away_until = 0.0
    _failed_at = 0.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._mine = threading.local()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if time.monotonic() < PausingRedis._away_until:
            raise ConnectionLost("The cache did not answer a moment ago.")
        mine = self._connection_of_thread()

        def ask() -> Any:
            # Whatever breaks this off disconnects, so that no answer is left to be read as the next one's.
            mine.send_packed_command(mine.pack_command(*args), check_health=False)
            return self.parse_response(mine, args[0], **options)  # type: ignore[no-untyped-call]  # redis's own

        try:
            return mine.retry.call_with_retry(ask, lambda error: mine.disconnect())
        except (ConnectionLost, TimedOut):
            PausingRedis._failed_at = time.monotonic()
            PausingRedis._away_until = PausingRedis._failed_at + PAUSE
            raise

    def _connection_of_thread(self) -> Any:
        """
        The one that it has, unless there is something to be read before anything was asked, which may be the end of the
        connection; or it is from before a failure, which every thread would meet; or from before a fork.
        """
        mine: Any = getattr(self._mine, "connection", None)
        if mine is None or mine.pid != os.getpid():
            mine = self._mine.connection = self.connection_pool.make_connection()
        elif self._mine.since < PausingRedis._failed_at or not _is_quiet(mine):
            mine.disconnect()
        else:
            return mine
        self._mine.since = time.monotonic()
        return mine


def _is_quiet(connection: Any) -> bool:
    try:
        return not connection.can_read()
    except (ConnectionLost, TimedOut):
        return False


class SharedCacheClient(RedisCacheClient):
    """A client to which a value that it cannot read is none: it is taken out, so that a good one finds its place."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        self.serializer = JsonSerializer()
        super().__init__(servers, serializer=self.serializer, **options)
        self._client = PausingRedis
        self._clients: dict[int, Any] = {}

    def get_client(self, key: "Key | None" = None, *, write: bool = False) -> Any:
        """Return the client of the server, which is made once; Django makes one for each command."""
        server = self._get_connection_pool_index(write)  # type: ignore[attr-defined]  # Django's own
        if server not in self._clients:
            self._clients[server] = super().get_client(key, write=write)
        return self._clients[server]

    def get(self, key: Key, default: Any) -> Any:
        return self.get_many([key]).get(key, default)

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Any]:
        names = list(keys)
        found: dict[Key, Any] = {}
        # By MGET also one: to GET a list or a set is an error of the server's.
        for name, data in zip(names, self.get_client(None).execute_command("MGET", *names), strict=True):
            try:
                if data is not None:
                    found[name] = self.serializer.loads(data)
            except (ValueError, RecursionError):
                self._take_out(name)
        return found

    def set(self, key: Key, value: Any, timeout: "int | timedelta | None") -> None:
        if timeout is not None:
            super().set(key, value, timeout)
            return
        # As each revocation does; the library's own method weighs a dozen options, which cost as much as the command.
        self.get_client(key, write=True).execute_command("SET", key, self.serializer.dumps(value))

    def incr(self, key: Key, delta: int) -> int:
        try:
            return int(super().incr(key, delta))
        except ResponseError as error:
            # A kind of its own says nothing of what the key holds: there is no memory, or nobody may write.
            if type(error) is not ResponseError:
                raise
            self._take_out(key)  # no whole number, or no plain value at all
            raise ValueError("There is no number under this key.") from None

    def _take_out(self, key: Key) -> None:
        log.warning("cache_value_unreadable")
        self.delete(key)


class SharedCache(RedisCache):
    """Django's Redis cache with a client that does not make everybody wait."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SharedCacheClient


class LocalCache(LocMemCache):
    """Django's cache of one process, that keeps what the shared one keeps and gives back what that one gives back."""

    _serializer = JsonSerializer()

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return super().add(key, self._serializer.dumps(value), timeout, version)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        found = super().get(key, None, version)
        return default if found is None else self._serializer.loads(found)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        super().set(key, self._serializer.dumps(value), timeout, version)
