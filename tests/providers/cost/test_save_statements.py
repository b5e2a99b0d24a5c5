"""What a save of a provider costs in statements: its form and its write judge it once, and read its row once each."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import Provider
from tests.providers.rehearsal.stage import typed_form
from tests.providers.signin.journey import Browser, register

TRANSACTION = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")


@pytest.fixture
def saved(op, bob):
    """Bob, a superuser, changes Corp in the administration; the statements that this took."""
    register(op)
    Browser().leave()
    address = f"/admin/providers/provider/{Provider.objects.get().pk}/change/"

    def change(**changes):
        seen = re.search(r'name="seen" value="([^"]+)"', bob.get(address).content.decode())
        typed = typed_form(op) | {"client_secret": "", "seen": seen.group(1), "anyway": "on"} | changes
        with CaptureQueriesContext(connection) as queries:
            answer = bob.post(address, typed)
        assert answer.status_code == 302, answer.context["errors"]
        return [query["sql"] for query in queries if not query["sql"].startswith(TRANSACTION)]

    change()  # the first save of this form writes what the registration had otherwise
    return change


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "statements"),
    [
        ({}, 6),  # session, user, row; slug; the row, locked; the admin's log
        ({"name": "Corporation"}, 10),  # and its newest version, the row, an event, a version
        ({"leeway": "30"}, 11),  # a risk: is there a rehearsal?
        ({"group_rules": "staff => Staff"}, 12),  # and does anybody have what no rule gives any more?
    ],
    ids=["nothing", "a name", "a risky field", "a rule"],
)
def test_a_change_of_a_provider_in_the_administration(saved, changes, statements):
    found = saved(**changes)
    assert len(found) == statements, "\n".join(found)
