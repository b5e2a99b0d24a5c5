"""
What a sign-in asks of the database, to the statement: the promise is twelve for both of its requests.

Reads and writes are counted, and the transactions beside them; a savepoint would be a statement for nothing. In
real transactions, because inside a test's own every BEGIN would be a savepoint.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import Provider
from tests.providers.signin.journey import Browser, register

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 12


class Counted(CaptureQueriesContext):
    """`reads_and_writes`, and how many `transactions` they were in."""

    def __init__(self):
        super().__init__(connection)

    @property
    def words(self):
        return [query["sql"].split()[0] for query in self.captured_queries]

    @property
    def reads_and_writes(self):
        return [word for word in self.words if word in ("SELECT", "INSERT", "UPDATE", "DELETE")]

    @property
    def transactions(self):
        return self.words.count("COMMIT")

    def __str__(self):
        return "\n".join(query["sql"][:150] for query in self.captured_queries)


@pytest.fixture
def op(scripted_provider):
    register(scripted_provider)
    Browser().leave()  # fetches the metadata
    return scripted_provider


def counted_leave(visitor, **query):
    with Counted() as counted:
        url = visitor.leave(**query)
    return url, counted


def counted_arrival(visitor, op, url):
    callback = op.visit(url)
    with Counted() as counted:
        assert visitor.arrive(callback).status_code == 302
    return counted


def test_a_known_person(op, visitor):
    Browser().sign_in(op)
    url, leaving = counted_leave(visitor)
    arriving = counted_arrival(visitor, op, url)
    assert leaving.words == ["SELECT", "INSERT"], leaving
    assert (len(arriving.reads_and_writes), arriving.transactions) == (10, 1), arriving
    assert len(arriving.words) == 10 + 2, arriving
    assert len(leaving.reads_and_writes + arriving.reads_and_writes) <= MOST


def test_a_new_person(op, visitor):
    Browser().sign_in(op)
    op.person.update(sub="subject-2", email="bob@corp.example", name="Bob", preferred_username="bob")
    arriving = counted_arrival(visitor, op, visitor.leave())
    assert (len(arriving.reads_and_writes), arriving.transactions) == (14, 1), arriving


def test_a_person_whose_rules_give_and_change_nothing_costs_two_more(scripted_provider, visitor):
    rules = [{"claim_value": "staff", "group": "Staff"}]
    register(scripted_provider, group_rules=rules, scopes=["openid", "email", "groups"])
    Browser().sign_in(scripted_provider)
    arriving = counted_arrival(visitor, scripted_provider, visitor.leave())
    assert len(arriving.reads_and_writes) == 12, arriving


def test_a_provider_on_trial_costs_nothing_to_leave_for_and_two_more_to_come_back(op, visitor):
    """The row is held until the session is written, so that a roll-back at that moment can end it."""
    Browser().sign_in(op)
    Provider.objects.update(trial_ends_at=timezone.now() + timedelta(hours=1), trial_baseline=1)
    url, leaving = counted_leave(visitor)
    arriving = counted_arrival(visitor, op, url)
    assert leaving.words == ["SELECT", "INSERT"], leaving
    assert len(arriving.reads_and_writes) == 12, arriving


def test_the_same_browser_again(op, visitor):
    """The session that it had is read, ended and left behind."""
    visitor.sign_in(op)
    url, leaving = counted_leave(visitor)
    arriving = counted_arrival(visitor, op, url)
    assert (len(leaving.reads_and_writes), len(arriving.reads_and_writes)) == (5, 16), (
        f"{leaving}\n\n{arriving}"
    )


@pytest.mark.parametrize(("path", "statements"), [("/", 6), ("/signin", 4)])
def test_a_page_of_somebody_who_is_signed_in(op, visitor, path, statements):
    visitor.sign_in(op)
    with Counted() as counted:
        assert visitor.client.get(path).status_code == 200
    assert len(counted.words) == statements, counted


@pytest.mark.parametrize("path", ["/", "/signin"])
def test_a_page_of_a_stranger(op, path):
    with Counted() as counted:
        assert Browser().client.get(path).status_code == 200
    assert counted.words == ["SELECT"], counted
