"""A newcomer's first run: one process, five lines, and everything in them works."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.support.forms import _FirstForm
from tests.support.servers import free_port

pytestmark = pytest.mark.own_database

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["manage.py", "pyproject.toml", "ssoconsole", "providers", "tokens", "templates", "static"]
OURS = ("DEBUG", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BASE_URL", "DATABASE_URL", "CACHE_URL")


@pytest.fixture
def fresh_copy(tmp_path):
    """The project as somebody has just fetched it, but for byte code, as to compile all of it takes seconds."""
    for part in PARTS:
        source = ROOT / part
        if part == "ssoconsole":  # whose folder is where .env and var/ go
            shutil.copytree(source, tmp_path / part)
        elif source.is_dir():
            (tmp_path / part).symlink_to(source)
        else:
            shutil.copy(source, tmp_path / part)
    return tmp_path


class Run:
    """`make run` without make, which would install everything anew."""

    def __init__(self, folder, *, demo="1"):
        self.port = free_port()
        self.log = folder / "run.log"
        clean = {
            name: value for name, value in os.environ.items() if name not in (*OURS, "DJANGO_SETTINGS_MODULE")
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ssoconsole.first_run", "--port", str(self.port), "--demo", demo],
                cwd=folder,
                env=clean,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.url = f"http://localhost:{self.port}"

    def wait_for(self, words, *, patience=60):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.process.poll() is None:
            if words in self.log.read_text():
                return self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@pytest.fixture
def first_run(fresh_copy):
    started = []

    def start(**options):
        started.append(Run(fresh_copy, **options))
        return started[-1]

    yield start
    for run in started:
        if run.process.poll() is None:
            run.stop()


def line(output, label):
    return re.search(rf"^{label}: +(.*)$", output, re.MULTILINE).group(1)


def sign_in_as_alice(url):
    with requests.Session() as browser:
        page = browser.get(f"{url}/signin/demo", timeout=10)
        form = _FirstForm(page.text)
        answer = browser.post(page.url, {**form.fields, "sub": "alice@demo.example"}, timeout=10)
        return answer.text


def explained(token, folder):
    """What the token doctor says in the folder of the console that is running, whatever port it has."""
    clean = {
        name: value for name, value in os.environ.items() if name not in (*OURS, "DJANGO_SETTINGS_MODULE")
    }
    command = [sys.executable, "manage.py", "explain_token", "--json"]
    ran = subprocess.run(
        command, input=token, capture_output=True, text=True, cwd=folder, env=clean, timeout=60, check=True
    )
    return json.loads(ran.stdout)


def test_the_first_run_ends_with_five_lines_that_work(first_run, fresh_copy):
    run = first_run()
    output = run.wait_for("Introspect it:")
    assert stat.S_IMODE((fresh_copy / ".env").stat().st_mode) == 0o600
    assert line(output, "Console") == run.url

    assert "Alice Demo" in sign_in_as_alice(run.url)

    name, password = re.search(r"(\S+) +one-time password: (\S+)", line(output, "Administrator")).groups()
    with requests.Session() as browser:
        page = browser.get(f"{run.url}/admin/login/", timeout=10)
        fields = _FirstForm(page.text).fields | {"username": name, "password": password, "next": "/admin/"}
        assert "break" in browser.post(page.url, fields, timeout=10).text.lower()

    commands = f"{line(output, 'Fetch a token')}\n{line(output, 'Introspect it')}"
    shell = subprocess.run(["bash", "-c", commands], capture_output=True, text=True, check=True, timeout=30)
    token, answer = shell.stdout.strip().split("\n")
    assert token.count(".") == 2
    assert '"active": true' in answer.replace('":true', '": true')
    assert explained(token, fresh_copy)["valid"] is True

    assert run.stop() == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{run.url}/healthz", timeout=5)


def test_the_second_run_keeps_the_secrets_and_can_leave_the_demonstration_out(first_run, fresh_copy):
    first = first_run()
    first.wait_for("Introspect it:")
    secrets = (fresh_copy / ".env").read_text()
    first.stop()
    second = first_run(demo="0")
    output = second.wait_for("Administrator:")
    assert (fresh_copy / ".env").read_text() == secrets
    assert "one-time password" not in output
    assert "Demonstration" not in output
    assert "Demonstration provider" not in requests.get(f"{second.url}/signin", timeout=5).text


def demo_bot_secret(output):
    return re.search(r"-u 'demo-bot:([^']+)'", output).group(1)


def manage(folder, *words, **env):
    clean = {
        name: value for name, value in os.environ.items() if name not in (*OURS, "DJANGO_SETTINGS_MODULE")
    }
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=folder, env=clean | env, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_bot_keeps_its_secret_and_an_export_applies_to_an_empty_database(first_run, fresh_copy):
    first = first_run()
    secret = demo_bot_secret(first.wait_for("Introspect it:"))
    first.stop()
    (fresh_copy / "console.yaml").write_text(manage(fresh_copy, "export").stdout)

    other = {"DATABASE_URL": f"sqlite:///{fresh_copy / 'other.sqlite3'}"}
    assert manage(fresh_copy, "migrate", "-v0", **other).returncode == 0
    applied = manage(fresh_copy, "apply", "console.yaml", **other)
    assert applied.returncode == 0, applied.stderr
    assert "3 created" in applied.stdout
    assert manage(fresh_copy, "apply", "console.yaml", "--dry-run", "--exit-code", **other).returncode == 0

    again = first_run().wait_for("Introspect it:")
    assert demo_bot_secret(again) == secret
    assert "new secret" not in again


def test_an_environment_file_that_exists_is_never_touched(fresh_copy):
    from ssoconsole.first_run.env_file import write_env_file

    (fresh_copy / ".env").write_text("SECRET_KEY=mine\n")
    assert write_env_file(fresh_copy / ".env", base_url="http://localhost:8000") is False
    assert (fresh_copy / ".env").read_text() == "SECRET_KEY=mine\n"


def test_it_does_not_start_in_production(fresh_copy):
    (fresh_copy / ".env").write_text(
        "DEBUG=false\nSECRET_KEY=kP3vX9mQ2zL7wR5tY8uB1nC4jH6gF0dSaEiOqWxZrTyUvMbNhGkJ\n"
        "FIELD_ENCRYPTION_KEYS=q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kKvN7xE\n"
    )
    run = Run(fresh_copy)
    assert run.process.wait(timeout=60) != 0
    assert "make run is for development" in run.log.read_text()
