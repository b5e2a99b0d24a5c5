"""Who waits at the password door, counted from each failure: the rule by itself, and what forgets."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore

from ssoconsole.platform.accounts.models import SecretToShow, User
from ssoconsole.platform.accounts.passwords import (
    PasswordDoorHandler,
    drop_old_failures,
    forget_failures,
    note_failure,
    waits_until,
)
from ssoconsole.platform.accounts.shown_once import keep_for_one_look, look_once

pytestmark = pytest.mark.django_db
START = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
HERE, THERE = "203.0.113.7", "198.51.100.9"


def failed(*moments, name="bob", source=HERE):
    for moment in moments:
        with time_machine.travel(START + moment, tick=False):
            note_failure(name=name, source=source)


def end(at, name="bob", source=HERE):
    found = waits_until(name=name, source=source, at=START + at)
    return found and found - START


NINE = [n * SECOND for n in range(9)]


@pytest.mark.parametrize(
    ("last", "at", "until"),
    [
        (14 * MINUTE, 14 * MINUTE, 29 * MINUTE),
        (14 * MINUTE, 20 * MINUTE, 29 * MINUTE),  # the first failures are longer ago than the wait
        (14 * MINUTE, 29 * MINUTE - SECOND, 29 * MINUTE),
        (14 * MINUTE, 29 * MINUTE, None),
        (15 * MINUTE - SECOND, 16 * MINUTE, 30 * MINUTE - SECOND),
        (15 * MINUTE, 16 * MINUTE, None),  # not within a quarter of an hour
    ],
)
def test_ten_failures_of_a_pair_within_a_quarter_of_an_hour(last, at, until):
    failed(*NINE, last)
    assert end(at) == until
    assert end(at, source=THERE) is None
    assert end(at, name="alice") is None


@pytest.mark.parametrize(
    ("last", "at", "until"),
    [
        (59 * SECOND, 90 * SECOND, 119 * SECOND),
        (59 * SECOND, 119 * SECOND, None),
        (60 * SECOND, 61 * SECOND, None),
    ],
)
def test_twenty_failures_of_an_address_within_a_minute(last, at, until):
    for number in range(19):
        failed(timedelta(0), name=f"n{number}")
    failed(last, name="last")
    assert end(at, name="anybody") == until
    assert end(at, name="anybody", source=THERE) is None


def test_nineteen_make_nobody_wait():
    for number in range(19):
        failed(timedelta(0), name=f"n{number}")
    assert end(SECOND, name="anybody") is None


def test_what_is_forgotten_is_of_this_name_and_where_it_is_said_from_there():
    for name in ("bob", "alice"):
        for source in (HERE, THERE):
            failed(timedelta(0), name=name, source=source)
    assert PasswordDoorHandler().reset_attempts(username="bob", ip_address=HERE) == 1
    assert PasswordDoorHandler().reset_attempts(ip_address=HERE) == 0
    assert PasswordDoorHandler().reset_attempts(username="bob") == 1
    assert forget_failures(name="alice", source=THERE) == 1
    assert forget_failures(name="alice") == 1


def test_failures_are_kept_for_a_day():
    failed(timedelta(0))
    assert drop_old_failures(at=START + timedelta(days=1)) == 0
    assert drop_old_failures(at=START + timedelta(days=1, microseconds=1)) == 1


class ShownOnceTests:
    """A secret that waits for one look, beside those of others and of other pages."""

    @pytest.fixture
    def request_of(self):
        def make(name, session_key="s" * 32):
            user, _ = User.objects.get_or_create(username=name)
            return SimpleNamespace(user=user, session=SessionStore(session_key))

        return make

    @pytest.fixture
    def bob(self, request_of):
        return request_of("bob")

    def test_it_is_for_this_person_this_session_and_this_kind_of_row(self, bob, request_of):
        key = keep_for_one_look(bob, "secret", about=bob.user)
        assert look_once(request_of("alice"), key, about=User) is None
        assert look_once(request_of("bob", "t" * 32), key, about=User) is None
        assert look_once(bob, key, about=SecretToShow) is None
        assert look_once(bob, key, about=User) == ("secret", str(bob.user.pk))
        assert look_once(bob, key, about=User) is None

    @pytest.mark.parametrize(("age", "shown"), [(5 * MINUTE - SECOND, True), (5 * MINUTE, False)])
    def test_it_waits_for_five_minutes(self, bob, age, shown):
        with time_machine.travel(START, tick=False):
            key = keep_for_one_look(bob, "secret", about=bob.user)
        with time_machine.travel(START + age, tick=False):
            assert (look_once(bob, key, about=User) is not None) is shown

    def test_what_nobody_has_looked_at_goes_when_the_next_one_comes(self, bob):
        with time_machine.travel(START, tick=False):
            keep_for_one_look(bob, "secret", about=bob.user)
        with time_machine.travel(START + 5 * MINUTE, tick=False):
            key = keep_for_one_look(bob, "another", about=bob.user)
        assert [row.pk for row in SecretToShow.objects.all()] == [key]
