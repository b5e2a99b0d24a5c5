"""
One console of `benchmarks.growth`, which does what it is told: `python -m benchmarks.growth_process`.

Each line on its standard input is the name of an operation. The answer is a line of JSON: the milliseconds of CPU that
this process and its database connection took for it, and those on the wall, for one request.
"""

import base64
import io
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
os.environ["LOG_FORMAT"] = "json"

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from benchmarks.growth_fill import ADMINISTRATOR, give_secret
from ssoconsole.platform.accounts.models import User
from ssoconsole.wsgi import application
from tokens.models import TokenRecord
from tokens.records.services import forget_counts
from tokens.status.services import SIZE

HOST = "sso.bench.example"
PASSWORD_BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"
BATCH = 1000
LEAST_SHARE = (
    100  # tokens of one count: a hundredth of what a bot may hold, see `tokens.records.services.take_room`
)
# What is overdue, of each kind that grows: copies of rows that stay, aged.
OVERDUE = {
    "tokens_tokenrecord": {
        "number": None,
        "jti": "gen_random_uuid()::text",
        "issued_at": "now() - interval '200 days'",
        "expires_at": "now() - interval '199 days'",
    },
    "providers_signinattempt": {
        "id": "gen_random_uuid()",
        "reference": "gen_random_uuid()::text",
        "state_hash": "gen_random_uuid()::text",
        "started_at": "now() - interval '200 days'",
    },
    "providers_consolesession": {
        "id": "gen_random_uuid()",
        "expires_at": "now() - interval '199 days'",
        "ended_at": "CASE WHEN random() < 0.5 THEN now() - interval '200 days' END",
    },
    "tokens_tokenrefusal": {
        "id": None,
        "reference": "gen_random_uuid()::text",
        "at": "now() - interval '200 days'",
    },
}


@dataclass(frozen=True)
class Operation:
    """`request` is measured, once for each thing that `before` returns, which is not."""

    request: Callable[[object], None]
    before: Callable[[], list[object]] = lambda: [None]


class Console:
    """The bot's and the administrator's requests, as a server hands them over."""

    def __init__(self):
        connection.close()
        connection.settings_dict["CONN_MAX_AGE"] = None  # one connection, whose CPU time is read
        basic = base64.b64encode(f"bot-1:{give_secret()}".encode()).decode()
        self.as_bot = {"HTTP_AUTHORIZATION": f"Basic {basic}"}
        browser = Client()
        browser.force_login(User.objects.get(username=ADMINISTRATOR), PASSWORD_BACKEND)
        self.as_administrator = {
            "HTTP_COOKIE": "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
        }
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def ask(self, path, *, method="GET", form=None, **headers):
        body = b"" if form is None else urlencode(form).encode()
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": HOST,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": HOST,
            "HTTP_X_FORWARDED_FOR": "192.0.2.7",
            "HTTP_X_FORWARDED_PROTO": "https",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            **headers,
        }
        if form is not None:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        said = []
        answer = application(environ, lambda status, headers, *rest: said.append(status))
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        if said != ["200 OK"]:
            raise RuntimeError(f"{path}: {said} {body[:300]!r}")
        return body

    def issue(self, _=None):
        form = {"grant_type": "client_credentials", "resource": "https://one.bench.example"}
        answer = self.ask("/oauth/token", method="POST", form=form, **self.as_bot)
        return json.loads(answer)["access_token"]

    def introspect(self, token):
        answer = self.ask("/oauth/introspect", method="POST", form={"token": token}, **self.as_bot)
        assert json.loads(answer)["active"]

    def revoke(self, token):
        self.ask("/oauth/revoke", method="POST", form={"token": token}, **self.as_bot)

    def page(self, path):
        return lambda _: self.ask(path, **self.as_administrator)

    def document(self, path):
        return lambda _: self.ask(path)

    def tokens(self, count):
        return [self.issue() for _ in range(count)]

    def revocation(self):
        self.revoke(self.issue())
        return [None]

    def operations(self):
        newest = TokenRecord.objects.order_by("-number").values_list("number", flat=True)[0] // SIZE
        several = 25
        lists = {
            "tokens": "tokens/tokenrecord/",
            "tokens of a bot": "tokens/tokenrecord/?q=bot-1",
            "tokens of an audience": "tokens/tokenrecord/?audience__id__exact=2",
            "events": "eventlog/event/",
            "sign-in attempts": "providers/signinattempt/",
            "refusals": "tokens/tokenrefusal/",
            "bots": "tokens/bot/",
            "credentials": "tokens/credential/",
            "people": "accounts/user/",
            "identities": "providers/identity/",
            "sessions": "providers/consolesession/",
        }

        def read(path):
            def before():
                self.ask(path)
                return [None] * several

            return before

        return {
            "issue": Operation(self.issue, lambda: [None] * several),
            # A bot's tokens are counted once in a hundred at the most, or in a minute; the first of these counts.
            "issue, with its share of the counts": Operation(self.issue, lambda: self.forgotten(LEAST_SHARE)),
            "issue, the one that counts": Operation(self.issue, self.forgotten),
            "introspect": Operation(self.introspect, lambda: self.tokens(several)),
            "revoke": Operation(self.revoke, lambda: self.tokens(several)),
            "status list": Operation(
                self.document(f"/oauth/status/{newest}"), read(f"/oauth/status/{newest}")
            ),
            "status list, after a revocation": Operation(
                self.document(f"/oauth/status/{newest}"), self.revocation
            ),
            "status list, the first one, after a revocation": Operation(
                self.document("/oauth/status/0"), self.revocation
            ),
            "where the lists are, after a revocation": Operation(
                self.document("/oauth/status"), self.revocation
            ),
            "where the lists are, anew": Operation(self.document("/oauth/status"), self.emptied),
            "start page": Operation(self.page("/")),
            "admin, index": Operation(self.page("/admin/")),
            **{f"admin, {name}": Operation(self.page(f"/admin/{path}")) for name, path in lists.items()},
            "cleanup, nothing is due": Operation(clean_up),
            f"cleanup, {BATCH} of each are due": Operation(clean_up, age_some),
        }

    def forgotten(self, several=1):
        forget_counts()
        return [None] * several

    def emptied(self):
        cache.clear()
        self.revocation()  # another word, which ends what is kept in memory as well
        return [None]

    def cpu(self):
        return time.process_time_ns() + int(self.backend.read_text().split()[0])

    def measure(self, operation):
        """Milliseconds of CPU and on the wall of one request."""
        given = operation.before()
        cpu, wall = self.cpu(), time.perf_counter_ns()
        for each in given:
            operation.request(each)
        wall, cpu = time.perf_counter_ns() - wall, self.cpu() - cpu
        return {"cpu": cpu / len(given) / 1e6, "wall": wall / len(given) / 1e6}


def clean_up(_=None):
    call_command("cleanup", stdout=io.StringIO())


def age_some():
    with connection.cursor() as cursor:
        for table, changed in OVERDUE.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
            )
            names = [name for (name,) in cursor.fetchall() if changed.get(name, name) is not None]
            values = ", ".join(changed.get(name, f'"{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {values} FROM (SELECT * FROM {table} LIMIT 500) AS rows "
                f"CROSS JOIN generate_series(1, {BATCH // 500})"
            )
    return [None]


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # logs are none
    console = Console()
    operations = console.operations()
    answers.write(json.dumps(list(operations)) + "\n")
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(console.measure(operations[line.strip()])) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
