"""Consoles launched as production launches them, on a database of their own."""

import os
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
            self._wait(60.0)
        except BaseException:
            self.stop()
            raise

    def terminate(self):
        self.child.process.terminate()

    def wait(self, within=30.0):
        return self.child.process.wait(timeout=within)


@pytest.fixture
def environment(migrated_database):
    """What the processes of one console have in common; the database is migrated."""
    return os.environ | {
        "DATABASE_URL": migrated_database,
        "CACHE_URL": "locmemcache://",
        "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
    }


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
