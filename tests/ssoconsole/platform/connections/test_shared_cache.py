"""The shared cache: given up for a moment when it does not answer, and used again by itself."""

import socket
import time

import pytest
from redis.exceptions import ConnectionError as ConnectionLost

from ssoconsole.platform.connections import cache as shared
from ssoconsole.platform.connections.cache import PausingRedis, SharedCache
from tests.support.leaks import assert_without
from tests.support.servers import free_port


@pytest.fixture(autouse=True)
def _nobody_has_failed(monkeypatch):
    monkeypatch.setattr(PausingRedis, "_away_until", 0.0)


@pytest.fixture
def silent_server():
    """Takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def cache_at(url, **options):
    return SharedCache(url, {"OPTIONS": options})


def test_a_cache_that_is_silent_is_waited_for_once(silent_server):
    cache = cache_at(silent_server, socket_timeout=1)
    with pytest.raises(Exception, match="Timeout"):
        cache.get("any")
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(ConnectionLost):
            cache.set("any", 1)
    assert time.monotonic() - started < 1


def test_after_a_moment_it_is_asked_again(monkeypatch):
    cache = cache_at(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(ConnectionLost, match="refused"):
        cache.get("any")
    with pytest.raises(ConnectionLost, match="a moment ago"):
        cache.get("any")
    later = time.monotonic() + shared.PAUSE
    monkeypatch.setattr(shared.time, "monotonic", lambda: later)
    with pytest.raises(ConnectionLost, match="refused"):
        cache.get("any")


def test_what_the_error_says_names_no_host(silent_server):
    cache = cache_at("redis://user:hunter2@127.0.0.1:1/0")
    for _ in range(2):
        with pytest.raises(ConnectionLost) as raised:
            cache.get("any")
        assert_without(raised.value, "hunter2")
