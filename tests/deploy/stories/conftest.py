"""A database and a cache of its own for each story."""

import pytest

from tests.deploy.machines.parts import Redis
from tests.deploy.test_bare_metal import scratch_database


@pytest.fixture
def database():
    with scratch_database("story") as url:
        yield url


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
