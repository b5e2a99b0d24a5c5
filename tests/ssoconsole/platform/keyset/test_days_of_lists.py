"""The lists of traces and of tokens show a day, or several; those of tokens find them by their numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import SignInAttempt
from ssoconsole.platform.keyset.paginator import first_key_since
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password
from tokens.models import Audience, Bot, SigningKey, TokenRecord, TokenRefusal

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ATTEMPTS, REFUSALS, TOKENS = (
    f"/admin/{path}/" for path in ("providers/signinattempt", "tokens/tokenrefusal", "tokens/tokenrecord")
)
# The first and the last microsecond of two days that follow each other.
TIMES = [
    datetime(2026, 11, day, tzinfo=UTC) + more for day in (24, 25) for more in (0 * DAY, DAY - MINUTE / 6e7)
]


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


def token(number, issued_at):
    bot, _ = Bot.objects.get_or_create(name="nightly")
    audience, _ = Audience.objects.get_or_create(identifier="https://api.example", defaults={"name": "API"})
    key = SigningKey.objects.first()
    return TokenRecord.objects.create(
        number=number, jti=f"jti-{number}", bot=bot, audience=audience, signing_key=key, issued_at=issued_at
    )


@pytest.fixture
def rows():
    for number, at in enumerate(TIMES, start=1):
        SignInAttempt.objects.create(reference=f"{number}", started_at=at)
        TokenRefusal.objects.create(reference=f"{number}", at=at, status=401)
        token(number, at)


def listed(bob, url, query):
    page = bob.get(f"{url}?{query}")
    assert page.status_code == 200
    return sorted(row.pk if url == TOKENS else int(row.reference) for row in page.context["cl"].result_list)


DAYS = {
    "2026-11-23": [],
    "2026-11-24": [1, 2],
    "2026-11-25": [3, 4],
    "2026-11-24..2026-11-25": [1, 2, 3, 4],
    "2026-11-25..2026-11-30": [3, 4],
    "2026-11-25..2026-11-24": [],
    "2026-11-25..": [3, 4],
    "..2026-11-25": [],
    "2026-11-25..tomorrow": [],
    "2026-11-24..2026-11-25..2026-11-26": [],
    "9999-12-31": [],
    "2026-02-30": [],
}


@pytest.mark.parametrize("url", [ATTEMPTS, REFUSALS, TOKENS])
def test_a_list_shows_the_days_that_are_asked_for(bob, rows, url):
    for day, found in DAYS.items():
        assert listed(bob, url, f"day={day}") == found, day


def test_the_days_that_are_asked_for_stand_among_the_choices(bob, rows):
    page = bob.get(f"{ATTEMPTS}?day=2026-11-24..2026-11-25").content.decode()
    assert "24 November to 25 November" in page


def test_tokens_that_got_their_numbers_in_another_order_are_found(bob):
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    for number, seconds in ((1, -600), (2, 20), (3, -20), (4, 30), (5, 600)):
        token(number, midnight + timedelta(seconds=seconds))
    assert listed(bob, TOKENS, "day=2026-11-24") == [1, 3]
    assert listed(bob, TOKENS, "day=2026-11-25") == [2, 4, 5]


def test_a_day_of_tokens_is_read_by_their_numbers(bob, rows):
    with CaptureQueriesContext(connection) as queries:
        bob.get(f"{TOKENS}?day=2026-11-24")
    lists = [query["sql"] for query in queries if '"issued_at" >=' in query["sql"]]
    assert lists
    assert all('"number" >=' in sql for sql in lists)


@pytest.mark.parametrize("numbers", [[1], [1, 2, 3], [5, 6, 40], [1, 100, 101, 5_000], range(1, 40), []])
def test_the_first_row_since_a_moment_is_found_whatever_rows_are_gone(numbers):
    for number in numbers:
        token(number, NOON + number * MINUTE)
    for moment in {0, 1, 2, *numbers, *(number + 1 for number in numbers)}:
        since = [number for number in numbers if number >= moment]
        found = first_key_since(TokenRecord, time_field="issued_at", at=NOON + moment * MINUTE)
        assert found == (min(since) if since else None)


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        ("any-refusal", ["claim_refused", "expired"]),
        ("not-finished", [""]),
        ("expired", ["expired"]),
        ("ok", ["ok"]),
        ("refusal", []),
    ],
)
def test_attempts_are_listed_by_how_they_ended(bob, outcome, found):
    for number, ended in enumerate(("ok", "", "expired", "claim_refused")):
        SignInAttempt.objects.create(reference=f"{number}", started_at=NOON, outcome=ended)
    rows = bob.get(f"{ATTEMPTS}?outcome={outcome}").context["cl"].result_list
    assert sorted(row.outcome for row in rows) == found
