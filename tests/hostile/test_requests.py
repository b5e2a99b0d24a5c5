"""
Thousands of hostile requests over every path: none is a fault of ours, and nothing changes that should not.

HOSTILE_REQUESTS says how many.
"""

import logging
import os
import re
import sys
import time
from datetime import timedelta
from random import Random

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, resolve

from providers.metadata import ensure_discovery, refetch_keys
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from tests.hostile.requests import MARK, draw
from tests.providers.signin.journey import Browser, register
from tests.support.name_server import know_only_this_machine
from tests.support.paths import SAMPLES, every_path
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot
from tokens.records.services import issue_token

CASES = int(os.environ.get("HOSTILE_REQUESTS", "2000"))
PASSWORD_BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"
# What anybody may make the console write: traces of his own, sessions of nobody, what was seen of a provider.
ANYBODY_WRITES = re.compile(
    r'^(?:INSERT INTO|UPDATE|DELETE FROM) "(?:django_session|axes_\w+|eventlog_event|providers_signinattempt'
    r'|tokens_tokenrefusal|providers_spentlogouttoken|tokens_spentassertion)"'
)
OBSERVED = re.compile(r'^UPDATE "(?:accounts_user" SET "last_login"|tokens_credential" SET "last_used_at")')
WRITES = re.compile(r"(?:INSERT|UPDATE|DELETE)\b")
# Where the fault may be a provider's, or the state of this machine.
NOT_OURS = ("/signin", "/callback", "/account/connect", "/backchannel-logout", "/readyz")
# Pages and documents below /api/ that are no resources.
NO_RESOURCES = ("/api/v1/docs", "/api/v1/system/config/jwks")
CALLERS = ("a stranger", "mallory", "another site with bob", "a reader", "a writer", "bob")
MAY_WRITE = ("a writer", "bob")
LONGEST = 3.0  # seconds of the processor for one request


class Caller:
    """Who sends; signed in anew for each request, as the one before may have ended that."""

    def __init__(self, name, *, user=None, bearer=""):
        self.name, self.bearer = name, bearer
        self.client = Client(enforce_csrf_checks=name not in ("bob", "mallory"), raise_request_exception=True)
        if user is not None:
            self.client.force_login(user, PASSWORD_BACKEND)
        self.cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def send(self, request):
        self.client.cookies.clear()
        self.client.cookies.load(self.cookies)
        if self.bearer:
            request.headers["HTTP_AUTHORIZATION"] = self.bearer
        return request.send(self.client)


@pytest.fixture
def callers(scripted_provider, db, monkeypatch):
    """The cast, with something of everything that might change."""
    know_only_this_machine(monkeypatch)
    provider = register(scripted_provider)
    ensure_discovery(provider)
    refetch_keys(provider)
    Browser().sign_in(scripted_provider)
    by = Actor.command("test")
    console = Audience.objects.get()
    people = {name: User.objects.create_user(name) for name in ("mallory",)}
    people["bob"] = people["another site with bob"] = User.objects.create_superuser("bob")
    bearers = {}
    for name, scope in {"a reader": "console.read", "a writer": "console.write"}.items():
        bot = save_bot(bot=Bot(name=name.split()[1]), grants=[GrantSpec(console, [scope])], by=by)
        add_client_secret(bot=bot, by=by)
        issued = issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)
        bearers[name] = f"Bearer {issued[1]}"
    save_bot(bot=Bot(name="bot", owner="mallory"), grants=[GrantSpec(console, ["console.read"])], by=by)
    logging.disable(logging.CRITICAL)  # lines for each of thousands of requests
    yield [Caller(name, user=people.get(name), bearer=bearers.get(name, "")) for name in CALLERS]
    logging.disable(logging.NOTSET)


@pytest.fixture
def writes():
    """Every statement that writes, but for what anybody may make the console write."""
    seen = []

    def note(execute, sql, params, many, context):
        if WRITES.match(sql) and not ANYBODY_WRITES.match(sql) and not OBSERVED.match(sql):
            seen.append(sql[:300])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def judge(caller, request, answer, written):
    status, path = answer.status_code, request.path.decode("utf-8", "replace")
    if status >= 500:
        elsewhere = status in (502, 503) and path.startswith(NOT_OURS)
        assert elsewhere or (status == 501 and path.startswith("/oauth/status/")), status
    if path.startswith("/api/") and status >= 400 and not path.startswith(NO_RESOURCES):
        assert answer["Content-Type"] == "application/problem+json", (status, answer["Content-Type"])
    if "text/html" in answer.get("Content-Type", ""):
        assert MARK not in answer.content.decode("utf-8", "replace")
    location = answer.get("Location", "/")
    to_provider = path.startswith("/signin") and "/authorize?" in location and "//127.0.0.1:" in location[:20]
    assert to_provider or location.startswith(("/", "http://localhost:8000/")), location
    assert not location.startswith(("//", "/\\")), location
    if caller.name == "mallory":  # she may end what is hers
        written = [sql for sql in written if '"providers_consolesession"."user_id" = %s' not in sql]
    if caller.name not in MAY_WRITE:
        assert not written, written


def test_no_hostile_request_breaks_or_changes_anything(callers, writes, capsys):
    random = Random(20_262)
    paths = every_path(lambda kind: {"str": "bot"}.get(kind, SAMPLES[kind]))
    resources = [path for path in paths if path.startswith("/api/v1/")]
    reached, statuses, slowest = set(), {}, (0.0, "")
    for number in range(CASES):
        if number % 20 == 0:
            cache.clear()  # so that refusals go on being written down
        caller = callers[number % len(callers)]
        request = draw(random, resources if caller.bearer and random.random() < 0.8 else paths)
        started = time.process_time()
        writes.clear()
        with transaction.atomic():
            try:
                answer = caller.send(request)
                judge(caller, request, answer, list(writes))
            except Exception as fault:
                raise AssertionError(f"case {number}, {caller.name}: {request}") from fault
            transaction.set_rollback(True)
        slowest = max(slowest, (time.process_time() - started, str(request)))
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        reached.add(route_of(request))
    told = f"{CASES} requests; {len(reached)} routes; statuses {sorted(statuses.items())}; slowest {slowest}"
    if "HOSTILE_REQUESTS" in os.environ:
        with capsys.disabled():
            sys.stdout.write(f"\n{told}\n")
    assert slowest[0] < LONGEST, told
    if CASES >= 2000:
        assert {200, 302, 400, 401, 403, 404, 405, 406, 411, 413, 414, 415} <= set(statuses), told


def route_of(request):
    try:
        return resolve(request.path.decode("utf-8", "replace")).route
    except Resolver404:
        return ""


@pytest.mark.parametrize("name", CALLERS)
def test_every_path_answers_every_method_without_a_fault(callers, writes, name):
    """The plainest of all: each path as it is, which chance may miss."""
    caller = next(each for each in callers if each.name == name)
    random = Random(name)
    for path in every_path(lambda kind: {"str": "bot"}.get(kind, SAMPLES[kind])):
        for method in ("GET", "POST", "PATCH", "DELETE"):
            request = draw(random, [path])
            request.method, request.path, request.query = method, path.encode(), b""
            request.headers["HTTP_TRANSFER_ENCODING"], request.length = "", str(len(request.body))
            if path.startswith("/api/"):
                request.headers["CONTENT_TYPE"] = "application/json"
            writes.clear()
            with transaction.atomic():
                try:
                    judge(caller, request, caller.send(request), list(writes))
                except Exception as fault:
                    raise AssertionError(f"{name}: {request}") from fault
                transaction.set_rollback(True)
