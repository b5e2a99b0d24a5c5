"""Consoles launched as production launches them, on a database of their own."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.support.child import Child
from tests.support.servers import ROOT, ConsoleProcess, free_port


class LaunchedConsole(ConsoleProcess):
    """One console under `python -m ssoconsole.serve`."""

    def __init__(self, *, log, env, port=None, drain=1.0, processes=1):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"PORT": str(self.port), "DRAIN_SECONDS": str(drain), "LOG_FORMAT": "json"}
        own["WEB_CONCURRENCY"] = str(processes)
        self.child = Child([sys.executable, "-m", "ssoconsole.serve"], log=log, env=env | own, cwd=ROOT)
        try:
            self._wait(30.0)
        except BaseException:
            self.stop()
            raise

    def terminate(self):
        self.child.process.terminate()

    def wait(self, within=30.0):
        return self.child.process.wait(timeout=within)


@pytest.fixture
def environment(database, migrated_file):
    """What the processes of one console have in common; the database is migrated."""
    if database.startswith("sqlite"):
        shutil.copy(migrated_file, database.removeprefix("sqlite:///"))
    else:
        migrate(database)
    return environment_of(database)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "console.sqlite3"
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        migrate(f"sqlite:///{path}")
    return path


def environment_of(database):
    return os.environ | {
        "DATABASE_URL": database,
        "CACHE_URL": "locmemcache://",
        "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
    }


def migrate(database):
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(
        command, cwd=ROOT, env=environment_of(database), check=True, capture_output=True, timeout=120
    )


@pytest.fixture
def launch(tmp_path, environment):
    """Start consoles: `launch(port=…, drain=…)`."""
    started = []

    def start(**options):
        log = tmp_path / f"console-{len(started)}.log"
        started.append(LaunchedConsole(log=log, env=environment, **options))
        return started[-1]

    yield start
    for console in started:
        console.stop()
