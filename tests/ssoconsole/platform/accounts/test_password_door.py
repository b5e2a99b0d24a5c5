"""Guessing at the password door: who waits, for how long, and who never has to because of somebody else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client

from ssoconsole.platform.accounts import passwords
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import person
from tests.support.faults import event_refused
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db

HERE, THERE = "203.0.113.7", "198.51.100.9"
START = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def password(clock):
    return bootstrap_admin(name="break-glass", by=Actor.command("test"))[1]


def knock(password="wrong", name="break-glass", address=HERE):
    return Client(REMOTE_ADDR=address).post(
        "/admin/login/", {"username": name, "password": password, "next": "/admin/"}
    )


def fail(times, **knocking):
    return [knock(**knocking).status_code for _ in range(times)]


def failed(times, name="break-glass", address=HERE):
    """So many failures; the door has seen the last of them, and the others are rows as it writes them."""
    for _ in range(times - 1):
        passwords.note_failure(name=name, source=address)
    return knock(name=name, address=address).status_code


def enters(password, **knocking):
    return knock(password, **knocking).status_code == 302


class WaitingTests:
    def test_the_tenth_failure_makes_the_name_wait_at_this_address(self, password):
        assert fail(10) == [200] * 9 + [429]
        assert knock().status_code == 429
        assert not enters(password)

    def test_after_a_quarter_of_an_hour_the_door_is_open_again(self, password, clock):
        failed(10)
        clock.shift(15 * MINUTE - timedelta(seconds=1))
        assert not enters(password)
        clock.shift(timedelta(seconds=1))
        assert enters(password)

    def test_trying_on_prolongs_nothing(self, password, clock):
        failed(10)
        for _ in range(14):
            clock.shift(MINUTE)
            assert fail(1) == [429]
        clock.shift(MINUTE)
        assert enters(password)

    def test_failures_far_apart_make_nobody_wait(self, password, clock):
        for _ in range(12):
            clock.shift(2 * MINUTE)
            assert fail(1) == [200]
        assert enters(password)

    def test_once_the_wait_is_over_one_more_failure_is_only_one(self, password, clock):
        failed(10)
        clock.shift(15 * MINUTE)
        assert fail(9) == [200] * 9

    def test_who_comes_in_starts_from_zero(self, password):
        failed(9)
        assert enters(password)
        assert fail(9) == [200] * 9

    def test_a_right_password_is_not_looked_at_while_waiting(self, password, monkeypatch):
        failed(10)
        monkeypatch.setattr(User, "check_password", lambda *args: pytest.fail("looked at"))
        assert knock(password).status_code == 429


class NobodyElsesFaultTests:
    """The limit must not be a way to keep an administrator out."""

    def test_a_stranger_elsewhere_does_not_make_the_administrator_wait(self, password):
        assert failed(10, address=THERE) == 429
        assert enters(password)

    def test_not_even_many_strangers(self, password):
        for number in range(30):
            passwords.note_failure(name="break-glass", source=f"198.51.100.{number}")
        knock(address="198.51.100.30")
        assert enters(password)

    def test_another_name_at_the_same_address_does_not_wait(self, password):
        failed(10, name="somebody")
        assert enters(password)

    def test_opening_the_glass_anew_opens_the_door_at_once(self, password):
        failed(10)
        _, new = bootstrap_admin(name="break-glass", by=Actor.command("test"))
        assert enters(new)

    def test_a_single_name_can_be_freed_by_command(self, password):
        failed(10)
        call_command("axes_reset_username", "break-glass")
        assert enters(password)

    def test_a_person_through_a_provider_is_not_counted_and_not_asked(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            from django.contrib.auth import authenticate
            from django.test import RequestFactory

            request = RequestFactory().get("/callback/corp")
            assert authenticate(request, nonce="n", code_verifier="v") is None
        assert not AccessFailureLog.objects.exists()

    def test_who_comes_in_here_forgives_nothing_elsewhere(self, password):
        """Otherwise each sign-in of the administrator's own would give a guesser ten more tries."""
        failed(9, address=THERE)
        assert enters(password)
        assert knock(address=THERE).status_code == 429

    def test_who_comes_in_forgives_nobody_else_here(self, password):
        bootstrap_admin(name="another", by=Actor.command("test"))
        failed(9, name="another")
        assert enters(password)
        assert knock(name="another").status_code == 429


class HalfDoneTests:
    """What cannot be written down does not happen, and changes no count."""

    def test_nobody_comes_in_unseen(self, password):
        failed(5)
        client = Client(REMOTE_ADDR=HERE, raise_request_exception=False)
        with event_refused("break_glass_signin"):
            answer = client.post("/admin/login/", {"username": "break-glass", "password": password})
        assert answer.status_code >= 500
        assert client.get("/admin/").status_code == 302
        assert AccessFailureLog.objects.count() == 5

    def test_a_failure_that_cannot_be_told_is_not_half_counted(self, password):
        client = Client(REMOTE_ADDR=HERE, raise_request_exception=False)
        with event_refused("break_glass_signin"):
            client.post("/admin/login/", {"username": "break-glass", "password": "wrong"})
        assert not AccessFailureLog.objects.exists()

    def test_an_account_that_could_not_be_put_on_record_is_not_opened(self, clock):
        with event_refused("break_glass_opened"), pytest.raises(OperationalError):
            bootstrap_admin(name="new", by=Actor.command("test"))
        assert not User.objects.filter(username="new").exists()

    def test_a_renewal_that_could_not_be_put_on_record_leaves_the_old_password(self, password):
        failed(10)
        with event_refused("break_glass_opened"), pytest.raises(OperationalError):
            bootstrap_admin(name="break-glass", by=Actor.command("test"))
        assert AccessFailureLog.objects.count() == 10
        assert enters(password, address=THERE)


class EndTests:
    def test_a_temporary_account_works_for_a_day_to_the_second(self, password, clock, settings):
        settings.SESSION_IDLE_MINUTES = 0
        browser = Client(REMOTE_ADDR=HERE)
        browser.post("/admin/login/", {"username": "break-glass", "password": password})
        clock.move_to(START + timedelta(hours=24) - timedelta(seconds=1))
        assert browser.get("/admin/").status_code == 200
        assert enters(password)
        clock.move_to(START + timedelta(hours=24))
        assert not enters(password)
        assert browser.get("/admin/").status_code == 302

    def test_old_failures_are_dropped_after_a_day(self, password, clock):
        fail(1)
        clock.move_to(START + timedelta(days=1))
        assert passwords.drop_old_failures(at=START + timedelta(days=1)) == 0
        assert passwords.drop_old_failures(at=START + timedelta(days=1, seconds=1)) == 1


class OneAddressManyNamesTests:
    def spray(self, times, address=HERE):
        return [knock(name=f"name-{number}", address=address).status_code for number in range(times)]

    def test_twenty_failures_in_a_minute_slow_the_address_down(self, password, clock):
        assert self.spray(20) == [200] * 19 + [429]
        assert not enters(password)
        clock.shift(MINUTE)
        assert enters(password)

    def test_other_addresses_are_not_slowed_down(self, password):
        for number in range(19):
            passwords.note_failure(name=f"name-{number}", source=HERE)
        assert fail(1) == [429]
        assert enters(password, address=THERE)

    def test_an_ipv6_subscriber_is_one_address_whatever_he_calls_himself(self, password):
        for number in range(10):
            knock(address=f"2001:db8:1:2::{number:x}")
        assert not enters(password, address="2001:db8:1:2:ffff::1")
        assert enters(password, address="2001:db8:1:3::1")

    def test_an_ipv4_address_in_ipv6_is_itself(self, password):
        fail(10, address="::ffff:203.0.113.7")
        assert enters(password, address="::ffff:203.0.113.8")

    @pytest.mark.parametrize("address", ["", "unix:/run/console.sock"])
    def test_without_an_address_failures_count_together(self, password, address):
        request = type("Request", (), {"META": {"REMOTE_ADDR": address}})
        assert passwords.source_of(request) == "0.0.0.0"

    def test_a_header_that_anybody_can_write_is_no_address(self, password):
        form = {"username": "break-glass", "password": "wrong"}
        for number in range(10):
            forged = {"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"}
            response = Client(REMOTE_ADDR=HERE).post("/admin/login/", form, headers=forged)
        assert response.status_code == 429


class TellingNothingTests:
    """Whether a name exists is not to be seen from outside."""

    @pytest.fixture
    def staff(self):
        return person("alice@corp.example", is_staff=True)

    def test_names_that_nobody_has_wait_just_the_same(self, password, staff):
        for number, name in enumerate(("break-glass", staff.username, "nobody")):
            assert fail(11, name=name, address=f"192.0.2.{number}") == [200] * 9 + [429] * 2

    def test_the_pages_are_the_same_but_for_the_name_that_was_typed(self, password):
        pages = []
        for name, address in (("break-glass", HERE), ("nobody-here", THERE)):
            failed(10, name=name, address=address)
            page = knock(name=name, address=address)
            pages.append((page.status_code, page["Retry-After"], page.content.decode().replace(name, "")))
        assert pages[0] == pages[1]

    def test_a_wrong_password_runs_the_slow_hash_once_for_every_name(self, password, staff, monkeypatch):
        from django.contrib.auth.hashers import MD5PasswordHasher

        runs, honest = [], MD5PasswordHasher.encode
        monkeypatch.setattr(
            MD5PasswordHasher, "encode", lambda *given: runs.append(given[1]) or honest(*given)
        )
        for name in ("break-glass", staff.username, "nobody"):
            runs.clear()
            knock(name=name)
            assert len(runs) == 1, name

    def test_the_same_statements_are_asked_for_every_name(self, password, staff):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counts = []
        for number, name in enumerate(("break-glass", staff.username, "nobody")):
            with CaptureQueriesContext(connection) as queries:
                knock(name=name, address=f"192.0.2.{number}")
            counts.append(len(queries))
        assert len(set(counts)) == 1


class RefusalPageTests:
    def test_it_says_how_long_and_shows_other_ways(self, password, clock):
        failed(10)
        clock.shift(timedelta(seconds=90))
        response = knock()
        assert response["Retry-After"] == str(15 * 60 - 90)
        assert response["Cache-Control"] == "no-store"
        page = Page(response.content.decode())
        assert "Please wait 14 minutes" in page.text("main")
        assert {"/signin?choose=1", "/admin/login/"} <= set(page.urls())
        assert page.inline_code() == []

    def test_a_short_wait_is_called_a_minute(self, password, clock):
        failed(10)
        clock.shift(timedelta(minutes=14, seconds=30))
        assert "Please wait a minute" in Page(knock().content.decode()).text("main")

    def test_scripts_get_the_same_page_and_no_foreign_origin(self, password):
        failed(10)
        response = Client(REMOTE_ADDR=HERE).post(
            "/admin/login/",
            {"username": "break-glass", "password": "wrong"},
            headers={"X-Requested-With": "XMLHttpRequest"},
        )
        assert response.status_code == 429
        assert "Access-Control-Allow-Origin" not in response.headers

    def test_the_form_itself_can_always_be_read(self, password):
        failed(10)
        assert Client(REMOTE_ADDR=HERE).get("/admin/login/").status_code == 200


class WhatIsKeptTests:
    def test_what_was_typed_is_kept_nowhere(self, password, caplog):
        secret = "correct-horse-battery-staple"
        fail(10, name=secret, password="another-secret-of-mine")
        knock(name=secret, password="another-secret-of-mine")
        kept = " ".join(
            str(list(model.objects.values())) for model in (AccessFailureLog, AccessAttempt, AccessLog)
        )
        assert_without(kept + caplog.text, secret, "another-secret-of-mine")
        assert AccessFailureLog.objects.count() == 10

    @pytest.mark.parametrize("name", ["", "x" * 300, "a\0b", "\ud7ff" * 10, "'; drop table--"])
    def test_a_hostile_name_is_no_fault(self, password, name):
        assert fail(1, name=name) == [200]
        assert failed(10, name=name) in (200, 429)
        assert fail(1, name=name)[0] in (200, 429)

    def test_cleanup_drops_what_makes_nobody_wait(self, password, clock, capsys):
        fail(3)
        clock.shift(timedelta(hours=25))
        fail(2)
        call_command("cleanup")
        assert AccessFailureLog.objects.count() == 2
        assert "failed sign-ins by password: 3 deleted" in capsys.readouterr().out

    def test_the_admin_shows_none_of_these_tables(self, password, client):
        client.force_login(
            User.objects.get(), backend="ssoconsole.platform.accounts.passwords.PasswordBackend"
        )
        page = client.get("/admin/").content.decode()
        assert "axes" not in page.lower()
        assert client.get("/admin/axes/accessfailurelog/").status_code == 404
