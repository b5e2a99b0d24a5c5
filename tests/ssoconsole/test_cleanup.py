"""The clean-up drops what is past its retention, and nothing else."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from providers import retention
from providers.models import ConsoleSession, Provider, SignInAttempt
from ssoconsole.platform.connections import batches

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def corp():
    return Provider.objects.create(
        slug="corp", name="Corp", issuer="https://idp.example", client_id="console"
    )


@pytest.fixture
def now():
    return timezone.now()


def attempt(name, started_at):
    return SignInAttempt.objects.create(reference=name, started_at=started_at)


def console_session(corp, started_at, *, ended_at=None, expires_at):
    user, _ = get_user_model().objects.get_or_create(username="mallory")
    return ConsoleSession.objects.create(
        user=user,
        provider=corp,
        sub="mallory",
        started_at=started_at,
        checked_at=started_at,
        last_seen_at=started_at,
        ended_at=ended_at,
        expires_at=expires_at,
    )


def clean_up():
    call_command("cleanup", verbosity=0)


def test_old_traces_go_and_young_ones_stay(now, settings):
    settings.SIGN_IN_TRACE_DAYS = 30
    attempt("old", now - 31 * DAY)
    young = attempt("young", now - 29 * DAY)
    clean_up()
    assert list(SignInAttempt.objects.all()) == [young]


def test_sessions_that_ended_or_expired_long_ago_go_and_live_ones_stay(corp, now):
    console_session(corp, now - 90 * DAY, ended_at=now - 60 * DAY, expires_at=now + DAY)
    console_session(corp, now - 90 * DAY, expires_at=now - 60 * DAY)
    kept = [
        console_session(corp, now - 90 * DAY, expires_at=now + DAY),
        console_session(corp, now - 3 * DAY, ended_at=now - 2 * DAY, expires_at=now),
    ]
    clean_up()
    assert set(ConsoleSession.objects.all()) == set(kept)


def test_expired_browser_sessions_go(now):
    Session.objects.create(session_key="old", session_data="x", expire_date=now - DAY)
    Session.objects.create(session_key="new", session_data="x", expire_date=now + DAY)
    clean_up()
    assert [session.session_key for session in Session.objects.all()] == ["new"]


def test_it_works_in_batches_and_may_run_again(now, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 2)
    for number in range(5):
        attempt(f"old-{number}", now - 40 * DAY)
    assert retention.drop_old_sign_ins(at=now, keep=30 * DAY)["sign-in attempts"] == 5
    assert retention.drop_old_sign_ins(at=now, keep=30 * DAY)["sign-in attempts"] == 0


def test_it_says_what_it_did(now, capsys):
    attempt("old", now - 400 * DAY)
    clean_up()
    assert "sign-in attempts: 1 deleted" in capsys.readouterr().out
