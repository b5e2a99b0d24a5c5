"""A port that is taken is a refusal with the remedy; sharing one is for those who ask for it."""

import os
import socket

import pytest
import requests

from ssoconsole.serve.port import problem_with
from tests.deploy.machines.parts import wait_until
from tests.support.servers import free_port


@pytest.fixture
def another_program():
    """Listens, and has asked for nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def serve(forge, environment):
    """Start the server and wait for its end; what it said is on standard error."""

    def run(port, **settings):
        env = environment | {"PORT": str(port), "HOST": "127.0.0.1"} | settings
        return forge.run(["-m", "ssoconsole.serve"], env=env)

    return run


def assert_refused(done, reason):
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 2, done.stderr
    assert "(ssoconsole.E018)" in lines[0]
    assert reason in lines[0]
    assert "HINT: Set PORT" in lines[1]


@pytest.mark.parametrize("share", ["false", "true"])
def test_a_port_of_another_program_is_refused(serve, another_program, share):
    assert_refused(serve(another_program, SHARE_PORT=share), "another program listens there")


def test_a_port_of_another_console_is_refused_and_that_one_serves_on(serve, launch):
    first = launch()
    assert_refused(serve(first.port), "another program listens there")
    assert_refused(serve(first.port, HOST="0.0.0.0"), "another program listens there")
    for _ in range(20):
        assert requests.get(f"{first.url}/healthz", timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("host", "reason"), [("192.0.2.1", "this machine has no such address"), ("2001:db8::1", "")]
)
def test_an_address_that_is_not_this_machines_is_refused(serve, host, reason):
    assert_refused(serve(free_port(), HOST=host), reason)


def test_one_is_exchanged_for_the_next_on_one_port_where_it_is_asked_for(launch, environment):
    environment["SHARE_PORT"] = "true"
    first = launch(drain=1.0)
    second = launch(port=first.port)
    # Until its process is there, the first one answers for both.
    wait_until(lambda: "Started worker-1" in second.log(), "the second console", within=60)
    first.terminate()
    assert first.wait() == 0
    for _ in range(20):
        assert requests.get(f"{second.url}/healthz", timeout=10).status_code == 200
    assert second.child.alive()


def test_what_is_left_of_closed_connections_keeps_nobody_out(launch):
    first = launch()
    requests.get(f"{first.url}/healthz", timeout=10)
    first.terminate()
    first.wait()
    assert problem_with("127.0.0.1", first.port) is None
    launch(port=first.port)


def test_the_first_run_refuses_before_it_writes_anything(forge, another_program, tmp_path):
    program = (
        "import pathlib, sys; from ssoconsole.first_run import __main__ as run;"
        f"run.ROOT = pathlib.Path({str(tmp_path)!r}); sys.exit(run.main())"
    )
    done = forge.run(["-c", program, "--port", another_program], env=dict(os.environ))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f"port {another_program}: another program listens there" in line
    assert "make run PORT=8001" in line
    assert list(tmp_path.iterdir()) == []
