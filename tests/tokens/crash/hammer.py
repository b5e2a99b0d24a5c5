"""
Kill processes that issue and revoke, round after round, and look at what is left.

A process of its own: it forks, and a fork of the test run would take its threads' locks along. Prints one JSON line:
how many answers of each kind came back before the kills, and every promise that was not kept.
"""

import base64
import json
import os
import signal
import sys

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from tokens.models import TokenRecord  # noqa: E402
from tokens.records.verification import find_live_record, find_record  # noqa: E402

ROUNDS, WORKERS, ANSWERS = 20, 2, int(os.environ.get("CRASH_ANSWERS", "12"))
BOT, SECRET = sys.argv[1:3]
BASIC = "Basic " + base64.b64encode(f"{BOT}:{SECRET}".encode()).decode()
FORM = "application/x-www-form-urlencoded"


def work(pipe, parent):
    """Issue and revoke for ever; say on `pipe` what has been answered, once it has been answered."""
    http = Client(HTTP_HOST="localhost")

    def post(path, data):
        answer = http.generic("POST", path, data, content_type=FORM, HTTP_AUTHORIZATION=BASIC)
        return answer if answer.status_code == 200 else None

    def say(what, token):
        os.write(pipe, f"{what} {token}\n".encode())  # less than PIPE_BUF: two workers never mix

    turn = failed = 0
    while os.getppid() == parent and failed < 20:
        issued = post("/oauth/token", "grant_type=client_credentials")
        if issued is None:
            failed += 1
            continue
        token, turn = issued.json()["access_token"], turn + 1
        say("kept" if turn % 2 else "issued", token)
        if turn % 2 == 0 and post("/oauth/revoke", f"token={token}"):
            say("revoked", token)


def one_round():
    """Let the workers answer, kill them all in the middle of it; return what they said, by token."""
    connection.close()
    reading, writing = os.pipe()
    parent = os.getpid()
    workers = []
    for _ in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            try:
                os.close(reading)
                work(writing, parent)
            finally:
                os._exit(1)
        workers.append(pid)
    os.close(writing)
    said = []
    with os.fdopen(reading) as lines:
        for line in lines:
            said.append(line.split())
            if len(said) == ANSWERS:
                for pid in workers:
                    os.kill(pid, signal.SIGKILL)
    for pid in workers:
        os.waitpid(pid, 0)
    return said


def broken(what, token):
    """The promise that was made by this answer and is not kept, or None."""
    if find_record(token) is None:
        return f"{what}, and unknown"
    live = find_live_record(token) is not None
    if what == "kept" and not live:
        return "nobody revoked it, and it does not count"
    return "revoked, and it counts" if what == "revoked" and live else None


# What a first request loads is loaded once, before the forks.
Client(HTTP_HOST="localhost").post("/oauth/token", headers={"Authorization": BASIC})
said = [line for _ in range(ROUNDS) for line in one_round()]
failures = [failure for what, token in said if (failure := broken(what, token))]
counts = {kind: sum(what == kind for what, _ in said) for kind in ("kept", "issued", "revoked")}
unnumbered = TokenRecord.objects.values("number").distinct().count() != TokenRecord.objects.count()
sys.stdout.write(json.dumps({"counts": counts, "failures": failures, "unnumbered": unnumbered}) + "\n")
