"""A console process starts with its own environment and is gone afterwards."""

import time
from pathlib import Path

import pytest
import requests

APP = "tests.support_selftest.tiny_wsgi:application"


def test_a_process_answers_with_the_environment_it_was_given(console_process):
    server = console_process(env={"GREETING": "hello"}, app=APP)
    assert requests.get(f"{server.url}/healthz", timeout=5).text == "hello"


def test_a_stopped_process_leaves_its_port(console_process):
    server = console_process(app=APP)
    server.stop()
    assert not server.child.alive()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/healthz", timeout=1)
    assert console_process(port=server.port, app=APP).port == server.port


def test_what_a_killed_process_has_started_is_gone_too(console_process):
    child = console_process(app=APP).child
    workers = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    assert workers
    child.process.kill()
    child.stop()
    deadline = time.monotonic() + 10
    while any(runs(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_cannot_start_shows_its_log(console_process):
    with pytest.raises(RuntimeError, match="nowhere"):
        console_process(app="nowhere:application", within=20)
