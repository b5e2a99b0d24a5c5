"""The shared cache: given up for a moment when it does not answer, and used again by itself."""

import os
import socket
import threading
import time
from contextlib import suppress

import pytest
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as TimedOut

from ssoconsole.platform.connections import cache as shared
from ssoconsole.platform.connections.cache import PausingRedis, SharedCache
from ssoconsole.platform.connections.options import REDIS_OPTIONS
from tests.support.leaks import assert_without
from tests.support.servers import free_port


@pytest.fixture(autouse=True)
def _nobody_has_failed(monkeypatch):
    monkeypatch.setattr(PausingRedis, "_away_until", 0.0)
    monkeypatch.setattr(PausingRedis, "_failed_at", 0.0)


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


class Talkative:
    """A server of the protocol that answers each command with the number of its connection, when it is told to."""

    def __init__(self):
        self._listener, self._threads = socket.create_server(("127.0.0.1", 0)), []
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0?protocol=2"
        self.connections, self.answers, self.more = [], threading.Event(), b""
        self.answers.set()
        self._start(self._accept)

    def _start(self, deed, *arguments):
        self._threads.append(threading.Thread(target=deed, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self):
        with suppress(OSError):
            while True:
                self.connections.append(self._listener.accept()[0])
                self._start(self._serve, len(self.connections))

    def _serve(self, number):
        with suppress(OSError):
            while received := self.connections[number - 1].recv(4096):
                self.answers.wait()
                is_get = b"MGET" in received
                said = b"*1\r\n:%d\r\n" % number + self.more if is_get else b"+OK\r\n" * received.count(b"*")
                self.connections[number - 1].sendall(said)

    def hang_up(self):
        for each in self.connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.answers.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # `accept` returns
        self.hang_up()
        for each in self._threads:
            each.join(timeout=5)
        for each in (*self.connections, self._listener):
            each.close()


@pytest.fixture
def talkative():
    server = Talkative()
    yield server
    server.close()


class OneConnectionAThreadTests:
    def test_a_thread_keeps_its_own_and_has_no_other_threads(self, talkative):
        cache, seen = cache_at(talkative.url), {}

        def ask(name):
            seen[name] = [cache.get("any") for _ in range(5)]

        for name in "ab":
            thread = threading.Thread(target=ask, args=(name,))
            thread.start()
            thread.join()
        ask("here")
        assert all(len(set(numbers)) == 1 for numbers in seen.values()), seen
        assert len({numbers[0] for numbers in seen.values()}) == 3

    def test_it_reads_and_writes_by_the_same(self, talkative):
        cache = cache_at(talkative.url)
        cache.set("any", 1, timeout=None)
        cache.set("any", 1, timeout=5)
        assert (cache.get("any"), len(talkative.connections)) == (1, 1)

    def test_an_answer_too_many_is_nobodys(self, talkative):
        cache = cache_at(talkative.url)
        talkative.more = b"*1\r\n:77\r\n"
        first = cache.get("any")
        talkative.more = b""
        time.sleep(0.1)  # it has come
        assert cache.get("any") not in (first, 77)

    def test_after_a_failure_no_thread_goes_by_one_from_before(self, talkative, monkeypatch):
        cache, seen, turn, over = cache_at(talkative.url, socket_timeout=0.2), [], threading.Event(), []

        def another():
            seen.append(cache.get("any"))
            over.append(True)
            turn.wait()
            seen.append(cache.get("any"))

        thread = threading.Thread(target=another)
        thread.start()
        while not over:
            time.sleep(0.01)
        talkative.answers.clear()
        with pytest.raises(TimedOut):
            cache.get("any")
        talkative.answers.set()
        monkeypatch.setattr(PausingRedis, "_away_until", 0.0)
        turn.set()
        thread.join()
        assert seen[1] > seen[0]

    def test_one_that_was_closed_meanwhile_is_made_anew(self, talkative):
        cache = cache_at(talkative.url, retry=REDIS_OPTIONS["retry"])
        first = cache.get("any")
        talkative.hang_up()
        assert cache.get("any") > first

    def test_an_answer_that_comes_too_late_is_nobodys(self, talkative, monkeypatch):
        cache = cache_at(talkative.url, socket_timeout=0.2)
        first = cache.get("any")
        talkative.answers.clear()
        with pytest.raises(TimedOut):
            cache.get("any")
        talkative.answers.set()
        monkeypatch.setattr(PausingRedis, "_away_until", 0.0)
        assert cache.get("any") > first  # by another connection, where nobody has asked before

    def test_a_process_uses_none_of_the_one_that_it_was_forked_from(self, talkative, monkeypatch):
        cache = cache_at(talkative.url)
        first, here = cache.get("any"), os.getpid()
        monkeypatch.setattr(shared.os, "getpid", lambda: here + 1)
        assert cache.get("any") > first
