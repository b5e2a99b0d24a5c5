"""What the real server makes of heads that contradict themselves: nothing is taken for empty, nothing slips behind."""

import json
import os
import re
import socket
from pathlib import Path
from random import Random

import pytest

from tests.support.paths import every_path
from tests.support.servers import ConsoleProcess, free_port

pytestmark = pytest.mark.own_database

ROOT = Path(__file__).parents[2]
MAKE = """
from datetime import timedelta
from ssoconsole.platform.actors import Actor
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot
from tokens.records.services import issue_token
by, console = Actor.command("test"), Audience.objects.get()
bot = save_bot(bot=Bot(name="terraform"), grants=[GrantSpec(console, ["console.write"])], by=by)
print("secret", add_client_secret(bot=bot, by=by)[1])
for name in ("writer", "one_victim", "other_victim"):
    print(name, issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)[1])
"""
LENGTHS = (
    "",
    "Content-Length: {right}",
    "Content-Length: 0",
    "Content-Length: 3",
    "Content-Length: -1",
    "content-length: +5",
    "Content-Length: {right}, {right}",
    "Content-Length: {right}\r\nContent-Length: 3",
    "Content_Length: 3",
    "Content-Length: 99999999",
    "Content-Length:\t{right} ",
    "Content-Length: 0x5",
    "Content-Length: {right:05000}",
    "Content-Length: \r\n {right}",
)
CODINGS = (
    "",
    "",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, identity",
    *("Transfer_Encoding: chunked", "transfer-encoding:\x0bchunked", "Transfer-Encoding: xchunked"),
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
)
CHUNKED = (
    "{size:x}\r\n{body}\r\n0\r\n\r\n",
    "{size:x};a=b\r\n{body}\r\n0\r\nX: y\r\n\r\n",
    "zz\r\n{body}\r\n0\r\n\r\n",
    *("{size:x}\r\n{body}", "ffffffffffffffff1\r\n{body}\r\n0\r\n\r\n"),
)
TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "")
NOT_OURS = ("signin/", "callback", "readyz", "account/connect", "backchannel-logout", "oauth/status/")
HIDDEN = "GET /api/v1/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"


SETTINGS = {"DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}


@pytest.fixture(scope="module")
def console(tmp_path_factory, forge):
    """A console with a bot, its secret, and two tokens that may write."""
    folder, port = tmp_path_factory.mktemp("wire"), free_port()
    env = {"DATABASE_URL": f"sqlite:///{folder / 'console.sqlite3'}", "BASE_URL": f"http://localhost:{port}"}

    def manage(*arguments):
        done = forge.run(["manage.py", *arguments], env=os.environ | env | SETTINGS)
        assert done.returncode == 0, done.stderr
        return done.stdout

    manage("migrate", "--verbosity", "0")
    made = manage("shell", "--no-imports", "-v", "0", "-c", MAKE)
    console = ConsoleProcess(log=folder / "console.log", port=port, env=env, within=90)
    console.made = dict(re.findall(r"^(secret|writer|\w+victim) (\S+)$", made, re.MULTILINE))
    yield console
    console.stop()


def say(console, raw, *, cut=False, wait=30.0):
    """
    Send bytes on a connection of their own, and hang up where `cut`, or after `wait` seconds of silence; what it says.
    """
    with socket.create_connection(("127.0.0.1", console.port), timeout=wait) as connection:
        connection.sendall(raw)
        if cut:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while piece := connection.recv(65_536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
        return received


def request(console, method, path, body, *, content_type, heads=(), bearer="", **how):
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{console.port}", "Connection: close"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    lines += [f"Authorization: Bearer {bearer}"] if bearer else []
    lines += [line for line in heads if line]
    return say(console, ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1"), **how)


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer else None


def chunks(body, form=CHUNKED[0]):
    return form.format(size=len(body), body=body)


CHUNKED_HEAD = ("Transfer-Encoding: chunked",)
JSON, FORM = TYPES[:2]


def test_no_body_without_a_length_is_taken_for_an_empty_one(console):
    writer, victim = console.made["writer"], console.made["one_victim"]
    ends = json.dumps({"label": "x", "expires_at": "2099-01-01T00:00:00Z"})
    secrets = "/api/v1/bots/terraform/secrets"

    answer = request(
        console, "POST", secrets, chunks(ends), content_type=JSON, heads=CHUNKED_HEAD, bearer=writer
    )
    assert status_of(answer) == 201
    assert b'"expires_at":"2099-01-01T00:00:00Z"' in answer
    for form in ("zz\r\n{body}\r\n0\r\n\r\n", "0\r\n\r\n", "", "5\r\n{{"):
        sent, cut = chunks(ends, form), not form.endswith("\n\r\n")
        answer = request(
            console, "POST", secrets, sent, content_type=JSON, heads=CHUNKED_HEAD, bearer=writer, cut=cut
        )
        assert status_of(answer) in (400, 411, None), answer
    assert listed(console, writer) == 2  # the bot's first one and the one that was asked for

    body = f"token={victim}&client_id=terraform&client_secret={console.made['secret']}"
    answer = request(console, "POST", "/oauth/revoke", chunks(body), content_type=FORM, heads=CHUNKED_HEAD)
    assert status_of(answer) == 411
    assert status_of(request(console, "GET", "/api/v1/bots", "", content_type="", bearer=victim)) == 200
    right = (f"Content-Length: {len(body)}",)
    assert status_of(request(console, "POST", "/oauth/revoke", body, content_type=FORM, heads=right)) == 200
    assert status_of(request(console, "GET", "/api/v1/bots", "", content_type="", bearer=victim)) == 401


def test_a_form_that_breaks_off_revokes_nothing(console):
    """It names the token, and the connection ends before the rest has come."""
    body = f"client_id=terraform&client_secret={console.made['secret']}&token={console.made['other_victim']}"
    longer = (f"Content-Length: {len(body) + 20}",)
    for cut in (True, False):
        answer = request(
            console, "POST", "/oauth/revoke", body, content_type=FORM, heads=longer, cut=cut, wait=3
        )
        assert status_of(answer) in (400, None)
    victim = console.made["other_victim"]
    assert status_of(request(console, "GET", "/api/v1/bots", "", content_type="", bearer=victim)) == 200


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/api/v1/bots", "/oauth/token", "/callback/corp", "/signout"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset=hex",
        "text/plain; charset=idna",
        "multipart/form-data; boundary=b; charset=rot13",
        "application/x-www-form-urlencoded; charset=undefined",
        "application/x-www-form-urlencoded; x*=nope''a",
        "application/json; charset=utf-8; x*=nope''a",
    ],
)
def test_no_content_type_is_a_fault_of_the_server(console, content_type, method, path):
    body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--b--\r\n'
    length = f"Content-Length: {len(body)}"
    answer = request(console, method, f"{path}?a=%ff", body, content_type=content_type, heads=[length])
    assert status_of(answer) < 500, answer
    assert b"x-request-id" in answer.lower()


def test_heads_that_contradict_themselves_break_nothing_and_hide_no_second_request(console):
    random = Random(20_263)
    paths = [path for path in every_path() if "\x00" not in path]
    writer = console.made["writer"]
    before = everything(console, writer)
    for number in range(int(os.environ.get("HOSTILE_REQUESTS", "2000")) // 8):
        body = random.choice(("", "{}", '{"label": "x"}', "a=b", "token=x", HIDDEN))
        coding, length = random.choice(CODINGS), random.choice(LENGTHS).format(right=len(body))
        sent = chunks(body, random.choice(CHUNKED)) if "hunked" in coding and random.random() < 0.8 else body
        method = random.choice(("POST", "PATCH", "GET", "PUT", "DELETE"))
        path = random.choice(paths)
        awkward = (
            path,
            f"{path}%00",
            f"{path}/../x",
            f"{path}?\xff=\xff",
            "/" + "a" * 9_000,
            f"//{path}",
            f"{path}%ed%a0",
        )
        raw = random.choice(awkward)
        heads = [coding, length] if random.random() < 0.5 else [length, coding]
        given = random.choice(TYPES)
        answer = request(console, method, raw, sent, content_type=given, heads=heads, wait=1)
        told = (number, method, raw, heads, sent, answer[:300])
        assert status_of(answer) is None or status_of(answer) < 500 or may_be_away(raw), told
        # Each connection is for one request: whatever was hidden in its body is not answered.
        assert len(re.findall(rb"^HTTP/1\.1 [2-5]\d\d", answer, re.MULTILINE)) <= 1, told
    assert everything(console, writer) == before
    assert "Traceback" not in console.log()


def may_be_away(path):
    return path.lstrip("/").startswith(NOT_OURS)


def get(console, path, bearer):
    answer = request(console, "GET", path, "", content_type="", bearer=bearer)
    assert status_of(answer) == 200, answer
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def listed(console, bearer):
    return len(get(console, "/api/v1/bots/terraform/secrets", bearer)["results"])


def everything(console, bearer):
    """What may be seen of what there is."""
    names = (
        "bots",
        "audiences",
        "signing-keys",
        "providers",
        "bots/terraform/credentials",
        "bots/terraform/tokens",
    )
    shown = {name: get(console, f"/api/v1/{name}", bearer)["results"] for name in names}
    for row in (*shown["bots"], *shown["bots/terraform/credentials"]):
        row.pop("last_used_at", None), row.pop("last_used_from", None), row.pop("evidence", None)
    return shown
