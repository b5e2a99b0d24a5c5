"""The console as its own process, as production runs it: for restarts, replicas and refused start-ups."""

import os
import random
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.support.child import Child
from tests.support.forge import Forge

ROOT = Path(__file__).parents[2]
# The environment of a console in good order, but for a database, for programs that tests run.
SAFE = {
    "PATH": os.environ["PATH"],
    "DEBUG": "false",
    "SECRET_KEY": "kP3vX9mQ2zL7wR5tY8uB1nC4jH6gF0dSaEiOqWxZrTyUvMbNhGkJ",
    "FIELD_ENCRYPTION_KEYS": "q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kKvN7xE",
    "BASE_URL": "https://sso.example.com",
}


# Below what systems give to outgoing connections (32768 and up): none of those has a port before its server does.
PORTS = range(20_000, 32_000)


def free_port():
    """
    A TCP port that nobody listens on, and that no other test has been given while this process lives.

    Servers of several workers may share a port and notice nothing (SO_REUSEPORT): two tests with one port would be
    answered by each other at times. The UDP port of the same number, which nothing here uses, says whose it is.
    """
    for port in random.sample(PORTS, len(PORTS)):
        kept = socket.socket(type=socket.SOCK_DGRAM)
        with suppress(OSError), socket.socket() as probe:
            kept.bind(("127.0.0.1", port))
            probe.bind(("127.0.0.1", port))
            kept.detach()  # closed when this process ends
            return port
        kept.close()
    raise RuntimeError("no port is free")


class ConsoleProcess:
    """One console; `url` answers when the constructor is through, else RuntimeError with its log."""

    def __init__(self, *, log, port=None, env=None, app="ssoconsole.wsgi:application", within=60.0):
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), app]
        own = {"BASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}
        merged = os.environ | own | (env or {})
        merged = {name: value for name, value in merged.items() if value is not None}
        self.child = Child(command, log=log, env=merged, cwd=ROOT)
        try:
            self._wait(within)
        except BaseException:
            self.stop()
            raise

    def _wait(self, within):
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and self.child.alive():
            try:
                requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=1).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.05)
        raise self.child.failure("did not answer /healthz")

    def log(self):
        return self.child.tail(size=100_000)

    def stop(self):
        self.child.stop()


@pytest.fixture(scope="session")
def forge():
    """Runs programs in processes of their own, soon started: `forge.run(["manage.py", …], env={…})`."""
    forge = Forge()
    yield forge
    forge.close()


@pytest.fixture
def console_process(tmp_path):
    """Start consoles: `console_process(port=…, env={…})`; a value of None takes a variable away."""
    started = []

    def start(port=None, env=None, **kwargs):
        log = tmp_path / f"console-{len(started)}.log"
        started.append(ConsoleProcess(log=log, port=port, env=env, **kwargs))
        return started[-1]

    yield start
    for process in started:
        process.stop()
