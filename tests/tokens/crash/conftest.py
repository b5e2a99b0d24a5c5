"""A console of several processes: one database, one Redis of its own, and a bot."""

import os
import shutil
import time
from pathlib import Path

import pytest
import redis

from tests.support.child import Child
from tests.support.optional import missing
from tests.support.servers import free_port

ROOT = Path(__file__).resolve().parents[3]
API = "https://metadata.example"
SECRET = "ssoc_" + "crash" * 9  # of a database that is thrown away
CONFIGURATION = f"""
audiences:
  - {{identifier: {API}, name: Metadata, scopes: [metadata.read]}}
bots:
  - name: ingestion-bot
    grants: [{{audience: {API}, scopes: [metadata.read], roles: []}}]
    client_secret: {SECRET}
"""


@pytest.fixture
def redis_server(tmp_path):
    """A Redis that this test may kill; `cache_url` is where it is."""
    program = shutil.which("redis-server") or missing("redis-server", "apt-get install redis-server")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    child = Child(command, log=tmp_path / "redis.log")
    client = redis.Redis(port=port)
    for _ in range(600):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    client.close()
    child.cache_url = f"redis://127.0.0.1:{port}/0"
    yield child
    child.stop()


@pytest.fixture
def environment(migrated_database):
    """The variables that all processes of this console have in common."""
    return os.environ | {
        "DATABASE_URL": migrated_database,
        "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
        "BASE_URL": f"http://localhost:{free_port()}",
        "CACHE_URL": "locmemcache://",
    }


@pytest.fixture
def manage(forge, environment):
    """Run manage.py; the database is migrated and holds the bot."""

    def run(*arguments, text=None):
        done = forge.run(["manage.py", *arguments], env=environment, text=text, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("apply", "-", text=CONFIGURATION)
    return run
