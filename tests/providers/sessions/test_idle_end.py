"""A browser that nobody uses is signed out, whether a provider vouched for it or a password; one in use is not."""

import datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import ConsoleSession
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def by_provider(provider, op, visitor):
    visitor.sign_in(op)
    return visitor.client


@pytest.fixture
def by_password(db):
    client = Client()
    bob = User.objects.create(username="bob", is_staff=True, is_superuser=True)
    client.force_login(bob, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    client.get("/")
    return client


@pytest.fixture(params=["by_provider", "by_password"])
def client(request):
    return request.getfixturevalue(request.param)


def is_signed_in(client):
    return "Location" not in client.get("/account").headers


def test_after_an_hour_without_a_request_the_browser_is_a_stranger(client):
    with time_machine.travel(timezone.now() + 62 * MINUTE):
        answer = client.get("/account")
        assert (answer.status_code, answer["Location"]) == (302, "/signin?next=/account")
        assert not is_signed_in(client)
    ended = Event.objects.filter(action="session_ended")
    assert [(event.actor, event.after) for event in ended] == [("timeout", {"why": "nobody used it"})]
    assert not Session.objects.exists()


def test_the_row_says_what_ended_it_and_keeps_no_token(by_provider):
    with time_machine.travel(timezone.now() + 62 * MINUTE):
        by_provider.get("/")
    row = ConsoleSession.objects.get()
    assert row.ended_at is not None
    assert (row.ended_by, row.id_token, row.refresh_token) == ("timeout", None, None)


def test_a_browser_that_is_used_goes_on_for_as_long_as_it_may(client):
    began = timezone.now()
    for number in range(1, 9):
        with time_machine.travel(began + number * 50 * MINUTE):
            assert is_signed_in(client), number


def test_it_is_never_ended_early_by_what_is_written_once_a_minute(client, settings):
    settings.SESSION_IDLE_MINUTES, began = 1, timezone.now()
    for number in range(1, 12):
        with time_machine.travel(began + number * datetime.timedelta(seconds=50)):
            assert is_signed_in(client), number
    with time_machine.travel(began + datetime.timedelta(seconds=550) + 3 * MINUTE):
        assert not is_signed_in(client)


def test_zero_switches_it_off(client, settings):
    settings.SESSION_IDLE_MINUTES = 0
    with time_machine.travel(timezone.now() + 7 * 60 * MINUTE):
        assert is_signed_in(client)


def test_an_idle_session_is_in_no_list_of_those_that_go_on(by_provider):
    at = timezone.now() + 62 * MINUTE
    assert not ConsoleSession.objects.live(at=at).exists()
    assert ConsoleSession.objects.live(at=at - 3 * MINUTE).exists()


def test_it_costs_one_write_a_minute(client):
    def writes():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get("/signed-out")
        return [query["sql"].split()[0] for query in seen if query["sql"].startswith(("UPDATE", "INSERT"))]

    with time_machine.travel(timezone.now() + 2 * MINUTE, tick=False):
        assert writes() == ["UPDATE"]
        assert writes() == []


@pytest.mark.parametrize(("seconds", "goes_on"), [(61 * 60 - 1, True), (61 * 60, False)])
def test_the_last_second_that_counts(client, seconds, goes_on):
    """An hour, and the minute for which the last use may be unwritten."""
    now = timezone.now().replace(microsecond=0)
    ConsoleSession.objects.update(last_seen_at=now)
    session = client.session
    session["seen_at"] = int(now.timestamp())  # of who came by a password
    session.save()
    with time_machine.travel(now + datetime.timedelta(seconds=seconds), tick=False):
        assert is_signed_in(client) is goes_on


def test_a_session_that_ended_otherwise_is_not_called_idle(by_provider):
    ConsoleSession.objects.update(ended_at=timezone.now(), ended_by="user:bob")
    with time_machine.travel(timezone.now() + 62 * MINUTE):
        assert not is_signed_in(by_provider)
    assert ConsoleSession.objects.get().ended_by == "user:bob"
    assert not Event.objects.filter(action="session_ended").exists()


def test_a_session_of_a_person_who_is_disabled_is_not_called_idle(by_provider):
    User.objects.update(is_active=False)
    assert not is_signed_in(by_provider)
    assert ConsoleSession.objects.get().ended_at is None
    assert not Event.objects.filter(action="session_ended").exists()
