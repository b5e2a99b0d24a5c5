"""How the console stands, on the admin's first page: each number is right, and leads to a list of as many rows."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import Provider, SignInAttempt
from ssoconsole.console import dashboard as counts
from ssoconsole.console.checklist.services import go_through
from ssoconsole.management.commands import cleanup
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.keyset.admin import KeysetAdmin
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password, person, provider
from tokens.models import Audience, Bot, SigningKey, TokenRecord, TokenRefusal

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SIGN_INS, TOKENS = "Sign-ins in 14 days (UTC)", "Tokens in 14 days (UTC)"
OUTCOMES = "Sign-ins by provider and outcome in 14 days"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


def attempts(at, outcome, *, days=0, number=1, purpose="sign_in"):
    began, before = timezone.now() - days * DAY, SignInAttempt.objects.count()
    SignInAttempt.objects.bulk_create(
        SignInAttempt(
            provider=at,
            outcome=outcome,
            started_at=began,
            purpose=purpose,
            reference=f"r{before}-{each}",
        )
        for each in range(number)
    )


def tokens(*, days=0, number=1, lasts=DAY):
    bot, _ = Bot.objects.get_or_create(name="nightly", defaults={"owner": "bob"})
    audience, _ = Audience.objects.get_or_create(identifier="https://api.example", defaults={"name": "API"})
    issued = timezone.now() - days * DAY
    TokenRecord.objects.bulk_create(
        TokenRecord(
            jti=uuid4().hex,
            bot=bot,
            audience=audience,
            signing_key=SigningKey.objects.first(),
            issued_at=issued,
            expires_at=issued + lasts,
        )
        for each in range(number)
    )


def refusals(*, days=0, number=1, door="token"):
    at = timezone.now() - days * DAY
    TokenRefusal.objects.bulk_create(
        TokenRefusal(reference=f"{door}-{days}-{each}", at=at, door=door, status=401)
        for each in range(number)
    )


def clean_up():
    call_command("cleanup", verbosity=0)


def later(noon, browser, **time):
    """Let time pass, and come in again."""
    noon.shift(timedelta(**time))
    come_in_by_password(browser, User.objects.get(username="bob"))


def cells(page):
    """Every table by its caption: the texts of each row's cells, and the links of the numbers."""
    found = {}
    for table in re.findall(r"<table class=\"chart.*?</table>", page, re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
        caption = re.search("<caption>(.*?)</caption>", table)[1]
        found[caption] = [
            [
                re.sub("<.*?>", "", cell)
                for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
                if "<svg" not in cell
            ]
            for row in rows
        ]
    return found


def first_page(browser):
    page = browser.get("/admin/")
    assert page.status_code == 200
    return page.content.decode()


def numbers(browser, caption):
    """The rows that have a number, without their empty days."""
    return numbers_in(cells(first_page(browser)), caption)


def numbers_in(tables, caption):
    return [row for row in tables.get(caption, []) if set(row[1:]) - {"0"}]


def linked(page):
    """The number of each link in the tables and among the bots, by its address."""
    links = re.findall(r'<a href="(/admin/[^"]*\?[^"]*)">([\d,]+)</a>', page)
    return {unescape(url): int(text.replace(",", "")) for url, text in links}


@pytest.fixture
def traffic():
    """Two providers and a fortnight of people and bots, with what is not to be counted among it."""
    corp, partner = provider(), provider("partner", name="Partner")
    for days in (0, 1, 13, 14):
        attempts(corp, "ok", days=days, number=3)
    attempts(partner, "ok", number=2)
    attempts(partner, "expired", days=1, number=2)
    attempts(corp, "expired", days=13)
    attempts(corp, "", days=1)
    attempts(None, "state_unknown", days=2)
    attempts(corp, "ok", days=2, number=9, purpose="refresh")
    for days in (14, 13, 3, 0):  # their numbers grow with time
        tokens(days=days, number=days + 1)
    refusals(number=2)
    refusals(days=3)
    refusals(days=14)
    refusals(days=3, number=5, door="introspect")
    return corp, partner


TOLD = {
    SIGN_INS: [
        ["Thu 26 Nov", "5", "0", "0"],
        ["Wed 25 Nov", "3", "2", "1"],
        ["Tue 24 Nov", "0", "1", "0"],
        ["Fri 13 Nov", "3", "1", "0"],
    ],
    TOKENS: [["Thu 26 Nov", "1", "2"], ["Mon 23 Nov", "4", "1"], ["Fri 13 Nov", "14", "0"]],
    OUTCOMES: [
        ["Corp SSO", "ok", "9"],
        ["Partner", "expired", "2"],
        ["Partner", "ok", "2"],
        ["No provider", "state_unknown", "1"],
        ["Corp SSO", "not finished", "1"],
        ["Corp SSO", "expired", "1"],
    ],
}


class NumberTests:
    def test_they_are_the_same_whether_cleanup_has_counted_or_the_page(self, bob, traffic):
        for runs in range(4):
            tables = cells(first_page(bob))
            for caption, told in TOLD.items():
                assert sorted(numbers_in(tables, caption)) == sorted(told), (caption, runs)
            clean_up()

    @pytest.mark.parametrize("runs", [0, 1])
    def test_each_leads_to_a_list_of_as_many_rows(self, bob, traffic, runs):
        for _ in range(runs):
            clean_up()
        Bot.objects.create(name="orphan")  # nobody's, which is one number more
        links = linked(first_page(bob))
        told = [text for rows in TOLD.values() for row in rows for text in row[1:]]
        assert len(links) == sum(text.isdecimal() and text != "0" for text in told) + 1
        for url, number in links.items():
            assert len(bob.get(url).context["cl"].result_list) == number, url

    def test_what_comes_in_while_cleanup_runs_every_hour_is_counted_once(self, bob, noon):
        corp = provider()
        for _ in range(14):  # past midnight
            attempts(corp, "ok")
            tokens(number=2)
            later(noon, bob, hours=1)
            clean_up()
        told = cells(first_page(bob))
        by_day = Counter(SignInAttempt.objects.values_list("started_at__date", flat=True))
        assert [row[1] for row in told[SIGN_INS][:2]] == [str(by_day[day]) for day in sorted(by_day)[::-1]]
        assert sum(int(row[1]) for row in told[TOKENS]) == TokenRecord.objects.count()

    def test_a_sign_in_that_is_under_way_is_counted_by_its_end(self, bob, noon):
        corp = provider()
        attempts(corp, "")
        clean_up()
        SignInAttempt.objects.update(outcome="ok")
        later(noon, bob, hours=2)
        clean_up()
        assert numbers(bob, SIGN_INS) == [["Thu 26 Nov", "1", "0", "0"]]


class DeletedRowsTests:
    def test_what_retention_has_deleted_stays_counted_and_leads_nowhere(self, bob, settings):
        attempts(provider(), "ok", days=5, number=3)
        tokens(days=5, number=2, lasts=DAY / 24)
        refusals(days=5)
        clean_up()
        settings.SIGN_IN_TRACE_DAYS = settings.TOKEN_RECORD_DAYS = settings.TOKEN_REFUSAL_DAYS = 3
        clean_up()
        clean_up()
        assert not SignInAttempt.objects.exists()
        assert not TokenRecord.objects.exists()
        assert numbers(bob, SIGN_INS) == [["Sat 21 Nov", "3", "0", "0"]]
        assert numbers(bob, TOKENS) == [["Sat 21 Nov", "2", "1"]]
        assert not [url for url in linked(first_page(bob)) if "2026-11-21" in url]

    def test_a_day_that_was_deleted_before_anybody_counted_is_not_called_empty(self, bob, settings):
        settings.SIGN_IN_TRACE_DAYS = 3
        for days in (1, 5):
            attempts(provider(f"p{days}"), "ok", days=days)
        clean_up()
        rows = cells(first_page(bob))[SIGN_INS]
        assert rows[1] == ["Wed 25 Nov", "1", "0", "0"]
        assert rows[5] == ["Sat 21 Nov", *["not counted"] * 3]

    def test_a_cleanup_that_fails_after_deleting_has_counted(self, bob, monkeypatch):
        attempts(provider(), "ok", days=2)
        clean_up()
        SignInAttempt.objects.update(started_at=NOON - 20 * DAY)
        attempts(Provider.objects.get(), "ok")

        def fail(**_):
            SignInAttempt.objects.all().delete()
            raise RuntimeError

        monkeypatch.setattr(cleanup, "drop_old_sign_ins", fail)
        with time_machine.travel(NOON + DAY / 4, tick=False), pytest.raises(RuntimeError):
            clean_up()
        assert [row[:2] for row in numbers(bob, SIGN_INS)] == [["Thu 26 Nov", "1"], ["Tue 24 Nov", "1"]]

    def test_with_a_provider_its_sign_ins_go(self, bob, traffic):
        clean_up()
        traffic[0].delete()
        assert numbers(bob, SIGN_INS) == [
            ["Thu 26 Nov", "2", "0", "0"],
            ["Wed 25 Nov", "0", "2", "0"],
            ["Tue 24 Nov", "0", "1", "0"],
        ]


class BoundTests:
    def test_a_page_counts_no_further_than_the_newest_and_says_so(self, bob, monkeypatch):
        corp = provider()
        for days in (0, 1, 2):
            attempts(corp, "ok", days=days, number=2)
            tokens(days=2 - days, number=2)  # their numbers grow with time
            refusals(days=days, number=2)
        monkeypatch.setattr(counts, "MOST", 3)
        told = cells(first_page(bob))
        assert [row[1] for row in told[SIGN_INS][:3]] == ["2", "not counted", "not counted"]
        assert [row[1:] for row in told[TOKENS][:3]] == [
            ["2", "2"],
            ["1+", "not counted"],
            ["not counted"] * 2,
        ]
        clean_up()
        assert [row[1:] for row in cells(first_page(bob))[TOKENS][:3]] == [["2", "2"]] * 3

    def test_it_takes_at_most_25_statements_and_writes_nothing(self, bob, traffic):
        provider("failing", discovery_failing_since=NOON, jwks_failing_since=NOON)
        for _ in range(2):
            first_page(bob)
            with CaptureQueriesContext(connection) as queries:
                first_page(bob)
            statements = [query["sql"] for query in queries]
            assert len(statements) <= 25
            assert {sql.split()[0] for sql in statements} == {"SELECT"}
            clean_up()

    def test_many_outcomes_are_cut(self, bob):
        corp = provider()
        for number in range(25):
            attempts(corp, f"outcome_{number:02}", number=25 - number)
        page = first_page(bob)
        assert [row[1] for row in cells(page)[OUTCOMES]] == [f"outcome_{number:02}" for number in range(20)]
        assert "And 5 outcomes that are less frequent." in page


class StandingTests:
    def test_an_empty_console_says_so(self, bob):
        TokenRecord.objects.all().delete()
        page = first_page(bob)
        assert "None in 14 days" in page
        assert "All can be read, none is on trial" in page
        assert "cleanup has not counted yet" in page
        assert numbers(bob, SIGN_INS) == numbers(bob, TOKENS) == []
        assert OUTCOMES not in cells(page)

    @pytest.mark.parametrize(("number", "told"), [(1, 1), (20, 19), (100, 95), (1_200, 950)])
    def test_the_return_of_a_sign_in_is_told_by_the_newest(self, bob, number, told):
        """The n-th newest took n milliseconds."""
        corp = provider()
        SignInAttempt.objects.bulk_create(
            SignInAttempt(
                provider=corp,
                outcome="ok",
                reference=f"{each}",
                started_at=NOON - timedelta(seconds=each),
                consumed_at=NOON,
                finished_at=NOON + timedelta(milliseconds=each),
            )
            for each in range(1, number + 1)
        )
        attempts(corp, "expired")
        attempts(corp, "ok")  # nobody knows how long it took
        assert f">{told} ms</a>, by the newest {min(number, 1_000)}" in first_page(bob)

    def test_providers_with_a_warning_are_named_and_those_that_are_off_are_not(self, bob):
        running = timezone.now() + timedelta(hours=1)
        corp = provider(discovery_failing_since=NOON, trial_ends_at=running, trial_baseline=1)
        provider("off", name="Turned off", enabled=False, jwks_failing_since=NOON)
        page = first_page(bob)
        assert page.count(f'<a href="/admin/providers/provider/{corp.pk}/change/">Corp SSO</a>:') == 2
        assert "its discovery document cannot be read since 2026-11-26 12:00 UTC" in page
        assert "Turned off" not in page

    def test_the_checklist_is_told_as_cleanup_has_found_it(self, bob):
        assert "cleanup has not done so yet" in first_page(bob)
        clean_up()
        wrong = sum(result.status == "bad" for result in go_through(at=NOON))
        assert f"{wrong} of {len(go_through(at=NOON))} do not hold</a>" in first_page(bob)

    def test_what_is_encrypted_is_read_again_for_it_only_when_there_is_a_newer_key(self, settings):
        def read():
            with CaptureQueriesContext(connection) as asked:
                clean_up()
            return [each["sql"] for each in asked if "LIKE 'v1." in each["sql"]]

        assert read()
        assert not read()
        settings.FIELD_ENCRYPTION_KEYS = [
            "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE",
            *settings.FIELD_ENCRYPTION_KEYS,
        ]
        assert read()
        assert read()  # the keys that sign are under the older one, and somebody has to be told so again
        call_command("reencrypt", "--quiet")
        assert read()
        assert not read()

    def test_a_name_is_text_on_it(self, bob):
        attempts(provider(name="<b>x</b>", discovery_failing_since=NOON), "<i>y")
        page = first_page(bob)
        assert "<b>x" not in page
        assert "<i>y" not in page

    def test_the_tables_tell_what_the_bars_show(self, bob, traffic):
        document = Page(first_page(bob))
        assert len(document.all("caption")) >= 3
        assert all(
            svg.get("aria-hidden") == "true" for svg in document.all("svg") if "preserveaspectratio" in svg
        )
        assert document.inline_code() == []
        assert document.outside_urls() == []


RIGHTS = {
    "providers.view_signinattempt": (SIGN_INS, OUTCOMES, "Return of a sign-in"),
    "tokens.view_tokenrecord": (TOKENS, '<th scope="col">Issued</th>'),
    "tokens.view_tokenrefusal": (TOKENS, '<th scope="col">Refused</th></tr>'),
    "tokens.view_bot": ("Bots to look at",),
    "providers.view_provider": ("<dt>Providers</dt>",),
    "eventlog.view_event": (),
}
SHOWN = sorted({text for texts in RIGHTS.values() for text in texts} | {"<dt>Checklist</dt>"} - {TOKENS})


class RightTests:
    @pytest.mark.parametrize("right", RIGHTS)
    def test_each_is_shown_to_whoever_may_see_its_rows_and_nothing_else(self, client, traffic, right):
        mallory = person("mallory", is_staff=True)
        app, _, codename = right.partition(".")
        mallory.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        come_in_by_password(client, mallory)
        page = first_page(client)
        expected = set(RIGHTS[right])
        told = {text for text in (*SHOWN, TOKENS) if text in page}
        if right == "providers.view_signinattempt":  # its third column ends the row of the head as well
            assert "Not finished</th></tr>" in page
        assert told == expected
        for url in linked(page):
            assert client.get(url).status_code == 200

    def test_a_stranger_is_led_to_the_door(self, client):
        assert client.get("/admin/").status_code == 302


def test_lists_that_numbers_lead_to_are_long_enough_for_these_tests():
    assert KeysetAdmin.list_per_page >= 25
