"""A console process starts with its own environment and is gone afterwards."""

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


def test_a_process_that_cannot_start_shows_its_log(console_process):
    with pytest.raises(RuntimeError, match="nowhere"):
        console_process(app="nowhere:application", within=20)
