"""What is cached is JSON: who can write to Redis runs nothing in the console and breaks nothing."""

import os
import pickle
import secrets
import time
from contextlib import contextmanager

import pytest
import redis
from django.core.cache import cache, caches
from django.test import Client

from providers.signin import guard as sign_ins
from providers.signout import is_worth_a_record
from ssoconsole.console.health import check_cache
from ssoconsole.platform.connections.cache import LocalCache, PausingRedis, SharedCache
from ssoconsole.platform.limits import may_try
from tests.support.optional import missing
from tokens.credentials.authentication import count_failure
from tokens.status import services

# Every test worker has a database of its own, apart from those that the whole suite may run in.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SERVER = f"redis://127.0.0.1:6379/{13 + WORKER % 3}"
VALUES = [0, -1, 2**40, True, False, 1.5, "", "word", "1", "\udc80", None, [], ["word", ["a", 1]], {"a": [1]}]


class Bomb:
    """What runs when it is unpickled."""

    went_off = False

    @staticmethod
    def go_off():
        Bomb.went_off = True
        return "gone off"

    def __reduce__(self):
        return Bomb.go_off, ()


def test_it_is_one():
    assert pickle.loads(pickle.dumps(Bomb())) == "gone off"
    assert Bomb.went_off
    Bomb.went_off = False


@pytest.fixture
def server(monkeypatch):
    """A real Redis, in a database of its own that is empty before and after."""
    monkeypatch.setattr(PausingRedis, "_away_until", 0.0)
    client = redis.Redis.from_url(SERVER)
    try:
        client.ping()
    except redis.exceptions.ConnectionError:
        missing(f"Redis at {SERVER}", "apt-get install redis-server")
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def shared(server, settings):
    """The console's own cache, which is the real Redis for this test."""
    settings.CACHES = {
        "default": {"BACKEND": "ssoconsole.platform.connections.cache.SharedCache", "LOCATION": SERVER}
    }
    assert isinstance(caches["default"], SharedCache)
    return cache


@pytest.fixture(params=["shared", "local"])
def either(request):
    if request.param == "shared":
        return request.getfixturevalue("shared")
    local = LocalCache("values", {})
    local.clear()
    return local


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_kept_comes_back_as_it_was(either, value):
    either.set("name", value, timeout=180)
    assert either.get("name", "nothing") == (
        value if value is not None or isinstance(either, LocalCache) else None
    )
    assert type(either.get("name")) is type(value)


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}, float("nan"), Bomb(), time.gmtime, 1j])
def test_what_is_no_json_is_never_kept(either, value):
    with pytest.raises((TypeError, ValueError)):
        either.set("name", value, timeout=180)
    with pytest.raises((TypeError, ValueError)):
        either.add("name", value, timeout=180)
    assert either.get("name") is None


def test_counting_and_adding_work_in_both(either):
    assert either.add("count", 1, timeout=180)
    assert not either.add("count", 1, timeout=180)
    assert (either.incr("count"), either.get("count")) == (2, 2)
    assert either.get_or_set("word", lambda: "new", timeout=180) == "new"
    assert either.get_many(["count", "word", "nothing"]) == {"count": 2, "word": "new"}


# Everything of the console that reads the cache, by what it is for.
READERS = {
    "tries": lambda: may_try("keys of a provider"),
    "failures": lambda: count_failure(client_id="bot", source="192.0.2.1"),
    "status lists' word": services.current_word,
    "status lists": lambda: Client().get("/oauth/status/0").status_code,
    "sign-ins": lambda: Client(REMOTE_ADDR="192.0.2.1").get("/signin/nobody").status_code,
    "reference of a flood": lambda: sign_ins.reference_of_flood(request_of("192.0.2.1")),
    "sign-outs": lambda: is_worth_a_record(request_of("192.0.2.1")),
    "readiness": check_cache,
}


def request_of(address):
    return type("Request", (), {"META": {"REMOTE_ADDR": address}})


@contextmanager
def noting_keys(monkeypatch):
    """Every key that is asked for."""
    asked, original = set(), SharedCache.make_and_validate_key

    def noting(self, key, version=None):
        asked.add(original(self, key, version=version))
        return original(self, key, version=version)

    with monkeypatch.context() as patched:
        patched.setattr(SharedCache, "make_and_validate_key", noting)
        yield asked


HOSTILE = {
    "a pickle": pickle.dumps(Bomb()),
    "an old pickle": pickle.dumps(Bomb(), protocol=0),
    "no text": b"\xff\xfe\x00",
    "half a document": b'["word',
    "another shape": b'{"a": {"b": [1, 2, 3]}}',
    "a list of another shape": b'[[], {}, "x"]',
    "a word": b'"word"',
    "not a number": b"NaN",
    "depth": b"[" * 100_000,
    "digits": b"9" * 5_000,
    "nothing": b"",
}


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("reader", READERS)
def test_nothing_that_somebody_else_wrote_runs_or_breaks(shared, server, monkeypatch, reader, hostile):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)  # one minute, and its keys
    monkeypatch.setattr(secrets, "token_hex", lambda size=8: "5" * 2 * size)
    with noting_keys(monkeypatch) as keys:
        READERS[reader]()
    assert keys
    server.flushdb()
    before = READERS[reader]()
    server.flushdb()
    for key in keys:
        server.set(key, HOSTILE[hostile])
    after = READERS[reader]()
    assert not Bomb.went_off
    assert after == before or isinstance(after, str)
    for key in keys:
        server.delete(key)
        server.lpush(key, "no plain value")
    READERS[reader]()


@pytest.mark.django_db
def test_a_value_that_cannot_be_read_makes_room_for_a_good_one(shared, server):
    key = shared.make_key(services._WORD)
    server.set(key, pickle.dumps(Bomb()))
    word = services.current_word()
    assert services.current_word() == word
    assert not Bomb.went_off


def test_every_reader_is_in_the_table():
    """A module that starts to use the cache has to be tried with what somebody else wrote."""
    from tests.support.servers import ROOT

    users = {
        str(path.relative_to(ROOT))
        for app in ("ssoconsole", "providers", "tokens")
        for path in (ROOT / app).rglob("*.py")
        if "from django.core.cache import" in path.read_text()
    }
    assert users == {
        "ssoconsole/console/health.py",
        "ssoconsole/platform/limits.py",
        "providers/signin/guard.py",
        "tokens/credentials/authentication.py",
        "tokens/status/services.py",
    }


def test_a_redis_is_reached_by_its_socket(forge, tmp_path, monkeypatch):
    import shutil
    import subprocess

    monkeypatch.setattr(PausingRedis, "_away_until", 0.0)
    program = shutil.which("redis-server") or missing("redis-server", "apt-get install redis-server")
    path = tmp_path / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if path.exists():
                break
            time.sleep(0.05)
        shown = settings_with(forge, CACHE_URL=f"redis://{path}")
        assert shown.startswith("ssoconsole.platform.connections.cache.SharedCache kept"), shown
    finally:
        process.terminate()
        process.wait()


def settings_with(forge, **environment):
    """Keep something in the cache that the settings describe, in a process of its own."""
    program = (
        "import django; django.setup(); from django.conf import settings; from django.core.cache import cache;"
        "cache.set('name', ['kept'], 60); print(settings.CACHES['default']['BACKEND'], cache.get('name')[0])"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "ssoconsole.settings"} | environment
    done = forge.run(["-c", program], env=env)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "filecache:///tmp/cache",
        "dbcache://table",
        "memcache://127.0.0.1:11211",
        "dummycache://",
        "redis://127.0.0.1:1/0?serializer=django.core.cache.backends.redis.RedisSerializer",
    ],
)
def test_a_cache_that_would_unpickle_is_refused(forge, url):
    shown = settings_with(forge, CACHE_URL=url)
    assert "(ssoconsole.E016) CACHE_URL cannot be read." in shown
    assert "HINT" in shown
