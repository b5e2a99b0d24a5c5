"""What has been answered survives kill -9 at any moment: no token unknown, no revocation forgotten."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

API = "https://metadata.example"
SECRET = "ssoc_" + "crash" * 9
ME = ("ingestion-bot", SECRET)
ROOT = Path(__file__).resolve().parents[3]


def test_twenty_crashes_in_the_middle_of_issues_and_revocations(manage, environment):
    done = subprocess.run(
        [sys.executable, "-m", "tests.tokens.crash.hammer", *ME],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["failures"] == []
    assert not seen["unnumbered"]
    assert sum(seen["counts"].values()) >= 20 * int(os.environ.get("CRASH_ANSWERS", "12"))
    assert min(seen["counts"].values()) >= 20


class Hammer(threading.Thread):
    """Issues and revokes until the console is gone; what was answered stands in `kept` and `revoked`."""

    def __init__(self, url, enough):
        super().__init__()
        self.url, self.enough = url, enough
        self.kept, self.revoked = [], []

    def run(self):
        http = requests.Session()
        while True:
            try:
                token = issued_at(self.url, http)
                if len(self.kept) > len(self.revoked):
                    http.post(f"{self.url}/oauth/revoke", {"token": token}, auth=ME).raise_for_status()
                    self.revoked.append(token)
                else:
                    self.kept.append(token)
            except requests.RequestException:
                return
            if len(self.revoked) == 10:
                self.enough.set()


def issued_at(url, http=requests):
    answer = http.post(f"{url}/oauth/token", {"grant_type": "client_credentials"}, auth=ME, timeout=60)
    answer.raise_for_status()
    return answer.json()["access_token"]


def active_at(url, token):
    answer = requests.post(f"{url}/oauth/introspect", {"token": token}, auth=ME, timeout=60)
    answer.raise_for_status()
    return answer.json()["active"]


def processes_of(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in processes_of(int(child)))]


def test_the_server_as_deployed_forgets_nothing_either(manage, environment, redis_server, console_process):
    environment |= {"CACHE_URL": redis_server.cache_url, "GRANIAN_WORKERS": "2"}
    server = console_process(env=environment)
    enough = threading.Event()
    hammers = [Hammer(server.url, enough) for _ in range(4)]
    for hammer in hammers:
        hammer.start()
    assert enough.wait(120)
    for pid in processes_of(server.child.pid):
        os.kill(pid, signal.SIGKILL)
    for hammer in hammers:
        hammer.join(300)
    again = console_process(env=environment)
    assert sum(len(hammer.revoked) for hammer in hammers) >= 10
    for hammer in hammers:
        assert all(active_at(again.url, token) for token in hammer.kept)
        assert not any(active_at(again.url, token) for token in hammer.revoked)


class TwoReplicasTests:
    @pytest.fixture
    def replicas(self, manage, environment, redis_server, console_process):
        environment["CACHE_URL"] = redis_server.cache_url
        return [console_process(env=environment).url for _ in range(2)]

    def test_keys_rotate_under_load_and_what_one_revokes_the_other_refuses(
        self, replicas, manage, redis_server
    ):
        """One pair of replicas for all of it, as they take longer to start than to be asked."""
        self.no_good_token_is_refused_while_keys_rotate(replicas, manage)
        one, other = replicas
        for _ in range(10):
            self.revoked_here_refused_there(one, other)
        redis_server.process.kill()  # and without the cache that they share
        redis_server.process.wait()
        for _ in range(3):
            self.revoked_here_refused_there(one, other)

    def no_good_token_is_refused_while_keys_rotate(self, replicas, manage):
        over, good = threading.Event(), []

        def load(one, other):
            while not over.is_set():
                good.append(active_at(other, issued_at(one)))

        threads = [threading.Thread(target=load, args=pair) for pair in (replicas, replicas[::-1])]
        for thread in threads:
            thread.start()
        keys = [manage("rotate_signing_key", "--alg", "ES256") for _ in range(2)]
        over.set()
        for thread in threads:
            thread.join(60)
        assert len(set(keys)) == 2
        assert len(good) > 20
        assert all(good)

    def revoked_here_refused_there(self, one, other):
        token = issued_at(one)
        assert active_at(other, token)
        requests.post(f"{one}/oauth/revoke", {"token": token}, auth=ME, timeout=60).raise_for_status()
        assert not active_at(other, token)
