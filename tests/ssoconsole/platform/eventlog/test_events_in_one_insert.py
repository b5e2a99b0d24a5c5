"""Events of one step go into the log by one statement, and with the step or not at all."""

import pytest
from django.db import transaction

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import events_in_one_insert, record_event

pytestmark = pytest.mark.django_db
BOB = Actor("user", "bob")


def actions():
    return [event.action for event in Event.objects.filter(actor="user:bob").order_by("id")]


def test_they_are_written_at_the_end_in_their_order(django_assert_num_queries):
    with django_assert_num_queries(1), events_in_one_insert():
        record_event("first", by=BOB)
        record_event("second", by=BOB)
    assert actions() == ["first", "second"]


def test_a_step_without_events_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0), events_in_one_insert():
        pass


def one_step_that_fails():
    with events_in_one_insert():
        record_event("first", by=BOB)
        raise ZeroDivisionError


def test_a_step_that_fails_leaves_none():
    with pytest.raises(ZeroDivisionError):
        one_step_that_fails()
    assert actions() == []
    record_event("later", by=BOB)
    assert actions() == ["later"]


def test_they_go_with_the_transaction_around_them():
    with transaction.atomic():
        with events_in_one_insert():
            record_event("first", by=BOB)
        transaction.set_rollback(True)
    assert actions() == []


def test_a_step_inside_a_step_writes_its_own():
    with events_in_one_insert():
        record_event("outer", by=BOB)
        with events_in_one_insert():
            record_event("inner", by=BOB)
        assert actions() == ["inner"]
    assert actions() == ["inner", "outer"]


def test_they_are_said_once_they_have_happened(caplog, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), events_in_one_insert():
        record_event("first", by=BOB)
    assert "first" in caplog.text
