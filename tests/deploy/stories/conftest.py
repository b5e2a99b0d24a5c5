"""A database and a cache of its own for each story."""

import uuid

import psycopg
import pytest

from tests.deploy.machines.parts import Redis
from tests.deploy.test_bare_metal import SERVER
from tests.support.optional import missing


@pytest.fixture
def database():
    name = f"story_{uuid.uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(f"{SERVER}/postgres", autocommit=True)
    except psycopg.OperationalError:
        missing(f"PostgreSQL at {SERVER}", "apt-get install postgresql")
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{SERVER}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def cache(tmp_path):
    redis = Redis(tmp_path).start()
    yield redis.url
    redis.stop()


@pytest.fixture
def elsewhere(database, cache):
    """Put the addresses of this machine's PostgreSQL and Redis among the secrets that `deploy/new-secrets` has made."""

    def elsewhere(secrets):
        for name, url in (("database_url", database), ("cache_url", cache)):
            (secrets / name).unlink()
            (secrets / name).write_text(url)

    return elsewhere
