"""Browser sessions are written once, and are otherwise Django's own."""

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from providers.sessions.store import SessionStore

pytestmark = pytest.mark.django_db


def saved(**entries):
    session = SessionStore()
    session.update(entries)
    session.save()
    return session


def test_a_session_comes_back_by_its_key():
    session = saved(colour="green")
    assert len(session.session_key) == 32
    assert SessionStore(session.session_key)["colour"] == "green"


def test_a_new_key_is_a_row_only_when_it_is_saved(django_assert_num_queries):
    with django_assert_num_queries(0):
        session = SessionStore()
        session.create()
        session["colour"] = "green"
    with django_assert_num_queries(1):
        session.save()
    assert Session.objects.get().pk == session.session_key


def test_what_is_saved_is_not_saved_again(django_assert_num_queries):
    session = saved(colour="green")
    with django_assert_num_queries(0):
        session.save()
    session["colour"] = "red"
    session.save()
    assert SessionStore(session.session_key)["colour"] == "red"


def test_an_entry_that_changes_inside_is_saved_too():
    session = saved(colours=["green"])
    session["colours"].append("red")
    session.save()
    assert SessionStore(session.session_key)["colours"] == ["green", "red"]


def test_a_cycled_key_takes_the_entries_along_and_leaves_no_row():
    before = saved(colour="green")
    session = SessionStore(before.session_key)
    session.cycle_key()
    session.save()
    assert session.session_key != before.session_key
    assert Session.objects.get().pk == session.session_key
    assert SessionStore(session.session_key)["colour"] == "green"


def test_a_flushed_session_is_gone_and_the_next_one_is_new():
    session = saved(colour="green")
    key = session.session_key
    session.flush()
    assert not Session.objects.exists()
    session["colour"] = "red"
    session.save()
    assert Session.objects.get().pk == session.session_key != key


def test_a_session_that_was_ended_meanwhile_does_not_come_back():
    session = SessionStore(saved(colour="green").session_key)
    session["colour"] = "red"
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_a_key_that_exists_is_not_taken_over():
    session = SessionStore()
    session.create()
    session._session_key = saved(colour="green").session_key
    with pytest.raises(IntegrityError), transaction.atomic():
        session.save()
    assert SessionStore(session.session_key)["colour"] == "green"


def test_an_expired_session_is_none():
    session = saved(colour="green")
    session.set_expiry(-1)
    session.save()
    assert "colour" not in SessionStore(session.session_key)


def test_django_asks_this_store(settings):
    assert SessionStore.__module__ == settings.SESSION_ENGINE
