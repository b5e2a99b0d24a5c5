"""Lists show what ends soon, what never does and what has ended, found along an index; and what has become of each."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import ConsoleSession
from tests.ssoconsole.pages.pages_cast import (
    administrator,
    come_in_by_password,
    person,
    provider,
    session_of,
    staff,
)
from tests.support.revoked import revoke_by_hand
from tokens.models import Audience, Bot, Credential, SigningKey, TokenRecord

pytestmark = pytest.mark.django_db
CREDENTIALS, TOKENS, SESSIONS, BOTS = (
    f"/admin/{path}/"
    for path in ("tokens/credential", "tokens/tokenrecord", "providers/consolesession", "tokens/bot")
)
DAY = timedelta(days=1)
# The name of a row, and in how many days it ends.
ENDS = {
    "today": 0.5,
    "this week": 6.9,
    "next week": 7.1,
    "this month": 29.9,
    "later": 31,
    "yesterday": -1,
    "long ago": -99,
}
STOPPED = {"today, but stopped": 0.5, "never, but stopped": None, "yesterday, but stopped": -1}


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


def at(days):
    return None if days is None else timezone.now() + days * DAY


def secret(name, days, *, bot=None, **more):
    bot = bot or Bot.objects.get_or_create(name="nightly")[0]
    fields = {"label": name, "expires_at": at(days), "secret_hash": f"{bot.pk}.{name}"} | more
    return Credential.objects.create(bot=bot, **fields)


def token(name, days, **more):
    bot, _ = Bot.objects.get_or_create(name="nightly")
    audience, _ = Audience.objects.get_or_create(identifier="https://api.example", defaults={"name": "API"})
    fields = {"bot": bot, "audience": audience, "signing_key": SigningKey.objects.first(), "label": name}
    return TokenRecord.objects.create(
        jti=name, issued_at=timezone.now(), expires_at=at(days), **fields | more
    )


@pytest.fixture
def rows():
    """In an order that is not that of the ends."""
    now = timezone.now()
    for name, days in reversed({**ENDS, "never": None}.items()):
        secret(name, days)
        token(name, days)
    for name, days in STOPPED.items():
        secret(name, days, retired_at=now, retired_by="test")
        revoke_by_hand(token(name, days))
    corp, alice = provider(), person("alice")
    for name, days in reversed(ENDS.items()):
        session_of(alice, corp, sub=name, expires_at=at(days))
    for name, days in STOPPED.items():
        if days:
            session_of(alice, corp, sub=name, expires_at=at(days), ended_at=now, ended_by="test")


def listed(browser, url, query):
    page = browser.get(f"{url}?{query}")
    assert page.status_code == 200, page
    rows = page.context["cl"].result_list
    return [row.sub if url == SESSIONS else row.name if url == BOTS else row.label for row in rows]


@pytest.mark.parametrize("url", [CREDENTIALS, TOKENS, SESSIONS])
@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ("7-days", ["today", "this week"]),
        ("30-days", ["today", "this week", "next week", "this month"]),
        ("ended", ["yesterday", "long ago"]),
    ],
)
def test_the_next_or_the_last_to_end_come_first_and_none_that_was_ended_before(bob, rows, url, ends, found):
    assert listed(bob, url, f"ends={ends}") == found


@pytest.mark.parametrize(("url", "found"), [(CREDENTIALS, ["never"]), (TOKENS, ["never"]), (SESSIONS, [])])
def test_what_never_ends_is_found_where_there_is_such(bob, rows, url, found):
    assert listed(bob, url, "ends=never") == found


@pytest.mark.parametrize("url", [CREDENTIALS, TOKENS, SESSIONS, BOTS])
@pytest.mark.parametrize("ends", ["nonsense", "", "7"])
def test_no_such_end_finds_nothing(bob, rows, url, ends):
    assert listed(bob, url, f"ends={ends}") == []


@pytest.mark.parametrize("url", [CREDENTIALS, TOKENS, SESSIONS, BOTS])
def test_the_list_leads_to_each(bob, rows, url):
    page = bob.get(url).content.decode()
    for ends in ("7-days", "30-days", "ended", *(["never"] if url != SESSIONS else [])):
        assert f'href="?ends={ends}"' in page


@pytest.mark.parametrize(
    ("url", "state", "found"),
    [
        (CREDENTIALS, "live", {*ENDS, "never"} - {"yesterday", "long ago"}),
        (CREDENTIALS, "retired", set(STOPPED)),
        (TOKENS, "revoked", set(STOPPED)),
        (TOKENS, "nonsense", set()),
    ],
)
def test_what_has_become_of_each_is_asked_beside_it(bob, rows, url, state, found):
    assert set(listed(bob, url, f"state={state}")) == found
    assert set(listed(bob, url, f"state={state}&ends=7-days")) == found & {"today", "this week"}


class BotTests:
    @pytest.fixture
    def bots(self):
        """Each with the ends of its secrets."""
        for name, ends in {
            "a": [0.5, 90],
            "b": [20],
            "c": [None, 20],
            "d": [-1],
            "e": [-1, None],
            "f": [],
        }.items():
            bot = Bot.objects.create(name=name)
            for number, days in enumerate(ends):
                secret(f"{number}", days, bot=bot)
            secret("retired", 1, bot=bot, retired_at=timezone.now(), retired_by="test")
            secret("keys", 1, bot=bot, kind="public_keys", secret_hash=None)

    @pytest.mark.parametrize(
        ("ends", "found"), [("7-days", "a"), ("30-days", "abc"), ("never", "ce"), ("ended", "d")]
    )
    def test_they_are_found_by_the_ends_of_their_secrets(self, bob, bots, ends, found):
        assert listed(bob, BOTS, f"ends={ends}") == list(found)

    def test_it_goes_with_the_other_filters(self, bob, bots):
        Bot.objects.filter(name="b").update(disabled_at=timezone.now())
        assert listed(bob, BOTS, "ends=30-days&state=enabled") == ["a", "c"]


INDEXES = {
    (CREDENTIALS, "ends=7-days"): "credentials_by_end",
    (CREDENTIALS, "ends=never"): "endless_credentials_by_age",
    (CREDENTIALS, "ends=ended"): "credentials_by_end",
    (CREDENTIALS, "state=retired"): "retired_credentials_by_age",
    (TOKENS, "ends=7-days"): "tokens_tokenrecord_expires_at",
    (TOKENS, "ends=never"): "tokens_tokenrecord_expires_at",
    (TOKENS, "ends=ended"): "tokens_tokenrecord_expires_at",
    (TOKENS, "state=revoked"): "SCAN tokens_revocation USING INDEX",
    (SESSIONS, "ends=7-days"): "sessions_by_end",
    (SESSIONS, "ends=ended"): "sessions_by_end",
    (BOTS, "ends=7-days"): "credentials_by_end",
    (BOTS, "ends=ended"): "credentials_by_end",
}


@pytest.mark.parametrize(("url", "query"), INDEXES)
def test_each_is_found_along_an_index_and_not_sorted(bob, rows, url, query):
    if connection.vendor != "sqlite":
        pytest.skip("a planner that goes by statistics reads so small a table whole")
    secret("over", -1, bot=Bot.objects.create(name="idle"))
    with CaptureQueriesContext(connection) as asked:
        assert listed(bob, url, query)
    table = {CREDENTIALS: Credential, TOKENS: TokenRecord, SESSIONS: ConsoleSession, BOTS: Bot}[
        url
    ]._meta.db_table
    [count] = [plan_of(each["sql"]) for each in asked if each["sql"].startswith("SELECT COUNT(*)")]
    assert not [line for line in count if line.startswith(f"SCAN {table}") and "INDEX" not in line]
    [page] = [plan_of(each["sql"]) for each in asked if each["sql"].startswith(f'SELECT "{table}".')]
    assert any(INDEXES[url, query] in line for line in page), page
    assert url == BOTS or "USE TEMP B-TREE FOR ORDER BY" not in page


def plan_of(statement):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return [row[-1] for row in cursor.fetchall()]


def test_who_may_not_view_a_list_learns_nothing_of_its_ends(client, rows):
    browser = staff(client, "view_bot")
    for url in (CREDENTIALS, TOKENS, SESSIONS):
        assert browser.get(f"{url}?ends=7-days").status_code == 403
