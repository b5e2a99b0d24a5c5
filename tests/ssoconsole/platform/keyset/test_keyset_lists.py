"""Lists of traces are read off an index from where the last page ended; nothing is counted."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import SignInAttempt
from ssoconsole.platform.keyset.admin import Cursor, KeysetAdmin
from ssoconsole.platform.keyset.filters import values_in
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password
from tokens.models import TokenRefusal

pytestmark = pytest.mark.django_db
ATTEMPTS, REFUSALS = "/admin/providers/signinattempt/", "/admin/tokens/tokenrefusal/"


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


@pytest.fixture
def attempts():
    """Seven, of which four began at the same moment."""
    now = timezone.now()
    ages = [0, 1, 2, 2, 2, 2, 3]
    return SignInAttempt.objects.bulk_create(
        SignInAttempt(reference=f"a-b-{number}", outcome="expired", started_at=now - timedelta(seconds=age))
        for number, age in enumerate(ages)
    )


@pytest.fixture(autouse=True)
def short_pages(monkeypatch):
    monkeypatch.setattr(KeysetAdmin, "list_per_page", 3)


def leaf_through(bob, url):
    query, seen = "", []
    while True:
        changes = bob.get(f"{url}{query}").context["cl"]
        seen.append([row.reference for row in changes.result_list])
        if not changes.older_query:
            return seen
        query = changes.older_query


def test_pages_follow_each_other_without_a_gap_or_a_repetition(bob, attempts):
    pages = leaf_through(bob, ATTEMPTS)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(chain(*pages)) == [attempt.reference for attempt in attempts]


def test_what_comes_in_while_one_reads_moves_nothing(bob, attempts):
    older = bob.get(ATTEMPTS).context["cl"].older_query
    SignInAttempt.objects.create(reference="new", started_at=timezone.now())
    assert "new" not in [row.reference for row in bob.get(ATTEMPTS + older).context["cl"].result_list]


def test_an_older_page_leads_back_to_the_newest_and_filters_begin_there(bob, attempts):
    older = bob.get(f"{ATTEMPTS}?outcome=expired").context["cl"].older_query
    page = bob.get(ATTEMPTS + older)
    assert page.context["cl"].newest_query == "?outcome=expired"
    links = [url for url in Page(page.content.decode()).urls() if url.startswith("?") and "before=" in url]
    assert len(links) == 1  # its own older page, and nothing else


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "-", "1-x", f"{10**19}-1", f"{10**18}-1", "99999999999999999999999-1", "²-1"]
)
def test_a_cursor_that_is_none_begins_with_the_newest(bob, attempts, cursor):
    rows = bob.get(ATTEMPTS, {"before": cursor}).context["cl"].result_list
    assert [row.reference for row in rows][:2] == ["a-b-0", "a-b-1"]


@pytest.mark.parametrize(
    "cursor",
    [
        f"{9 * 10**18}-1",
        "253402300800000000-1",
        f"{10**19}-1",
        "0-9223372036854775808",
        "0-99999999999999999999999999",
        "0--1",
        "-1-1",
        "\u0661-1",
        "1",
        "-",
        "0-",
        "0-\0",
    ],
)
@pytest.mark.parametrize("url", [ATTEMPTS, REFUSALS])
def test_a_cursor_beyond_what_a_database_can_hold_is_no_fault(bob, attempts, url, cursor):
    answer = bob.get(url, {"before": cursor})
    assert answer.status_code == 200
    assert answer.context["cl"].before == cursor


def test_a_cursor_is_what_it_was_made_from(attempts):
    field = SignInAttempt._meta.pk
    made = Cursor(attempts[0].started_at, attempts[0].pk)
    assert Cursor.parse(str(made), pk_field=field) == made


def test_an_empty_list_says_so(bob):
    assert "Nothing found" in bob.get(ATTEMPTS).content.decode()


@pytest.mark.parametrize("url", [ATTEMPTS, REFUSALS])
def test_nothing_is_counted_and_nothing_skipped(bob, attempts, url):
    with CaptureQueriesContext(connection) as queries:
        bob.get(f"{url}?q=192.0.2.1")
    asked = [query["sql"].upper() for query in queries]
    assert not [sql for sql in asked if "COUNT(" in sql or "OFFSET" in sql or "DISTINCT" in sql]


@pytest.mark.parametrize("url", [ATTEMPTS, REFUSALS])
@pytest.mark.parametrize("verb", ["add/", "1/delete/"])
def test_nobody_adds_or_deletes(bob, url, verb):
    assert bob.post(url + verb).status_code in (302, 403)
    assert not TokenRefusal.objects.exists()


def test_the_values_of_a_column_are_found_one_by_one(attempts):
    SignInAttempt.objects.filter(reference="a-b-1").update(outcome="ok")
    assert values_in(SignInAttempt, "outcome") == ["expired", "ok"]
    assert values_in(TokenRefusal, "code") == []


NARROWED = {
    "outcome": {"outcome": "expired"},
    "provider": {"provider_id": "0" * 32},
    "purpose": {"purpose": "link"},
    "user": {"user_id": 1},
    "address": {"address": "192.0.2.1"},
    "browser": {"binding_hash": "x"},
}


@pytest.mark.parametrize("fields", NARROWED.values(), ids=NARROWED.keys())
def test_whatever_narrows_the_list_has_an_index_in_its_order(attempts, fields):
    if connection.vendor != "sqlite":
        pytest.skip("a planner that goes by statistics reads so small a table whole")
    name = next(iter(fields)).removesuffix("_id")
    plan = SignInAttempt.objects.filter(**fields).order_by("-started_at", "-pk")[:3].explain()
    assert "USING INDEX attempt_by_" in plan, (name, plan)


NOW = datetime(2031, 5, 6, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# Which moments a filter shows: on either side of its edge.
NARROWED = {
    "within=hour": ([NOW - timedelta(hours=1)], [NOW - timedelta(hours=1) - SECOND]),
    "within=day": ([NOW - timedelta(days=1)], [NOW - timedelta(days=1) - SECOND]),
    "within=week": ([NOW - timedelta(days=7)], [NOW - timedelta(days=7) - SECOND]),
    "within=month": ([NOW - timedelta(days=30)], [NOW - timedelta(days=30) - SECOND]),
    "day=2031-05-05": (
        [datetime(2031, 5, 5, tzinfo=UTC), datetime(2031, 5, 5, 23, 59, 59, tzinfo=UTC)],
        [datetime(2031, 5, 4, 23, 59, 59, tzinfo=UTC), datetime(2031, 5, 6, tzinfo=UTC)],
    ),
    "day=2031-02-31": ([], [NOW]),
    "day=9999-12-31": ([], [NOW]),
    "day=nonsense": ([], [NOW]),
}


@pytest.mark.parametrize("query", NARROWED)
def test_a_filter_by_time_shows_what_it_says_to_the_second(bob, query):
    inside, outside = NARROWED[query]
    SignInAttempt.objects.bulk_create(
        SignInAttempt(reference=f"a-b-{number}", outcome="expired", started_at=moment)
        for number, moment in enumerate(inside + outside)
    )
    with time_machine.travel(NOW, tick=False):
        come_in_by_password(bob, administrator("carol"))
        shown = bob.get(f"{ATTEMPTS}?{query}").context["cl"].result_list
    assert {row.started_at for row in shown} == set(inside)
