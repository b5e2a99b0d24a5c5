"""Ctrl-C of `make run`: everything that was started ends, and the ports are free, whichever signals come."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import requests

from tests.story.test_first_run import OURS, fresh_copy  # noqa: F401 - a fixture
from tests.support.servers import free_port

pytestmark = [
    pytest.mark.own_database,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are counted in /proc"),
]


class Terminal:
    """A foreground group of processes, which a terminal signals together."""

    def __init__(self, folder):
        self.mark, self.port = f"TERMINAL_OF_A_TEST={uuid.uuid4()}", free_port()
        self.log = folder / "run.log"
        name, _, value = self.mark.partition("=")
        clean = {k: v for k, v in os.environ.items() if k not in (*OURS, "DJANGO_SETTINGS_MODULE")} | {
            name: value
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ssoconsole.first_run", "--port", str(self.port)],
                cwd=folder,
                env=clean,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def processes(self):
        """The ids of everything that was started from here, whatever group or parent it has."""
        found = set()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    environment = (folder / "environ").read_bytes()
                except OSError:
                    continue
                if self.mark.encode() in environment.split(b"\0"):
                    found.add(int(folder.name))
        return found

    def ports(self):
        """The ports at which these processes listen, and whether that of the console answers."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def wait_until(self, condition, *, patience=90):
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def wait_for(self, words):
        self.wait_until(lambda: words in self.log.read_text())

    def everything_ended(self):
        status = self.process.wait(timeout=20)
        return status, self.processes(), self.ports()


@pytest.fixture
def terminal(fresh_copy):  # noqa: F811
    started = Terminal(fresh_copy)
    yield started
    for pid in started.processes():
        os.kill(pid, signal.SIGKILL)
    started.process.wait(timeout=10)


def to_all(terminal, *signals):
    """As Ctrl-C does it, and a closed terminal."""
    for each in signals:
        os.killpg(terminal.process.pid, each)


def to_the_first(terminal, *signals):
    """As `kill` does it, and a supervisor."""
    for each in signals:
        terminal.process.send_signal(each)


@pytest.mark.parametrize(
    ("whom", "signals"),
    [
        (to_all, [signal.SIGINT]),
        (to_all, [signal.SIGHUP]),
        (to_all, [signal.SIGINT, signal.SIGTERM]),
        (to_the_first, [signal.SIGTERM]),
        (to_the_first, [signal.SIGTERM, signal.SIGINT, signal.SIGINT, signal.SIGTERM]),
    ],
    ids=["Ctrl-C", "closed terminal", "Ctrl-C and SIGTERM", "SIGTERM", "impatience"],
)
def test_everything_ends_though_a_browser_is_connected(terminal, whom, signals):
    terminal.wait_for("Introspect it:")
    assert len(terminal.processes()) >= 4
    with requests.Session() as browser:
        browser.get(f"http://127.0.0.1:{terminal.port}/healthz", timeout=5)
        began = time.monotonic()
        whom(terminal, *signals)
        assert terminal.everything_ended() == (0, set(), False)
    assert time.monotonic() - began < 8
    assert "Stopped." in terminal.log.read_text()
    assert "Traceback" not in terminal.log.read_text()


def test_a_second_signal_at_the_very_end_is_not_the_cause_of_death(terminal):
    terminal.wait_until(lambda: len(terminal.processes()) >= 2)
    to_the_first(terminal, signal.SIGTERM)
    while terminal.process.poll() is None:
        to_the_first(terminal, signal.SIGINT)
        time.sleep(0.002)
    assert terminal.everything_ended() == (0, set(), False)


@pytest.mark.parametrize("started", [2, 3])
def test_nothing_is_left_of_a_start_that_is_interrupted(terminal, started):
    """While the demonstration provider, and then the server, is about to answer."""
    terminal.wait_until(lambda: len(terminal.processes()) >= started)
    to_the_first(terminal, signal.SIGTERM, signal.SIGINT)
    assert terminal.everything_ended() == (0, set(), False)
    assert "Traceback" not in terminal.log.read_text()
