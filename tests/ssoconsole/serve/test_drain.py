"""A console that is told to leave says so first, and loses nothing that it has accepted."""

import signal
import socket
import time

import pytest
import requests

from ssoconsole.serve import drain
from tests.ssoconsole.serve.traffic import Traffic

HOST = "localhost"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def draining(monkeypatch):
    monkeypatch.setattr(drain, "_flag", bytearray(1))
    drain.start_draining()


class ReadinessTests:
    def test_a_server_that_leaves_is_not_ready_and_says_why(self, client, db, draining):
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["status"] == "draining"
        assert set(response.json()["checks"].values()) == {"ok"}

    def test_it_is_still_alive(self, client, draining):
        assert client.get("/healthz").status_code == 200

    def test_nobody_leaves_who_was_not_told_to(self):
        assert drain.is_draining() is False


class LastAnswerTests:
    def answer(self):
        seen = {}

        def application(environ, start_response):
            start_response("200 OK", [("X-One", "1")])
            return [b"x"]

        def start_response(status, headers, *rest):
            seen.update(status=status, headers=headers)

        assert drain.closing_while_draining(application)({}, start_response) == [b"x"]
        return seen["headers"]

    def test_while_draining_each_answer_is_the_last_on_its_connection(self, draining):
        assert self.answer() == [("X-One", "1"), ("Connection", "close")]

    def test_connections_are_kept_until_then(self):
        assert self.answer() == [("X-One", "1")]


class LeavingTests:
    def test_under_load_nothing_is_lost_while_it_listens(self, launch):
        console = launch(drain=1.0)
        with Traffic(console.port, kept=3, fresh=3) as traffic:
            traffic.wait_for(100)
            console.terminate()
            assert console.wait() == 0
        assert traffic.lost_before_the_end() == []
        assert traffic.outcomes["answered"] > 150

    def test_it_serves_and_says_that_it_leaves_then_it_is_gone(self, launch):
        console = launch(drain=1.5)
        console.terminate()
        assert draining_answer(console).json()["status"] == "draining"
        answer = requests.get(f"{console.url}/signin", timeout=5)
        assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
        assert console.wait() == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{console.url}/healthz", timeout=5)

    def test_what_is_being_answered_is_finished_after_the_wait(self, launch):
        console = launch(drain=0)
        with socket.create_connection(("127.0.0.1", console.port), timeout=10) as slow:
            head = f"POST /oauth/token HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {FORM}\r\nContent-Length: 29\r\n\r\n"
            slow.sendall(head.encode())
            requests.get(f"{console.url}/healthz", timeout=5)  # the server has read what came before
            console.terminate()
            wait_until_nobody_listens(console)
            assert console.child.alive()
            slow.sendall(b"grant_type=client_credentials")
            assert slow.recv(4096).startswith(b"HTTP/1.1 401 ")
        assert console.wait() == 0

    def test_a_second_signal_does_not_wait(self, launch):
        console = launch(drain=60.0)
        console.terminate()
        draining_answer(console)
        console.terminate()
        assert console.wait(within=15) == 0

    def test_ctrl_c_does_not_wait(self, launch):
        console = launch(drain=60.0)
        console.child.process.send_signal(signal.SIGINT)
        assert console.wait(within=15) == 0


class ReplacementTests:
    def test_two_servers_are_replaced_one_after_the_other_without_a_lost_request(self, launch):
        consoles = [launch(drain=1.0), launch(drain=1.0)]
        ports = [console.port for console in consoles]
        with Traffic(*ports, heeds_readiness=True) as traffic:
            traffic.wait_for(50)
            for console in consoles:
                console.terminate()
                assert console.wait() == 0
                launch(port=console.port, drain=1.0)
                traffic.wait_for_all_ready()
            traffic.wait_for(50)
        assert traffic.losses == []
        assert {name for name, count in traffic.outcomes.items() if count} == {"answered"}


def draining_answer(console, within=10.0):
    """The first answer of /readyz that says that the server leaves; every answer until then is a good one."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        answer = requests.get(f"{console.url}/readyz", timeout=5)
        if answer.status_code == 503:
            return answer
    raise AssertionError("it never said that it leaves")


def wait_until_nobody_listens(console, within=10.0):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", console.port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    raise AssertionError("it goes on accepting")
