"""Several at the end of a trial: one brings it about; one after the other on SQLite, which has one writer at a time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.models import ConsoleSession, Provider, ProviderVersion
from providers.registration import services
from providers.registration.rolling_back import roll_back_if_overdue, roll_back_now, roll_back_overdue
from tests.providers.registrations import BOB
from tests.providers.signin.journey import Browser, register
from tests.providers.trial.conftest import HOUR, happened, names, run_out, stored
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 4


@pytest.fixture
def op(scripted_provider):
    return scripted_provider


@pytest.fixture
def corp(op):
    register(op, admin_principals=["alice@corp.example"])
    Browser().leave()
    return stored()


def test_of_all_who_see_that_it_is_over_one_rolls_back(trial):
    run_out()
    rows = [stored() for _ in range(MANY)]
    assert at_once(lambda n: roll_back_if_overdue(rows[n]), MANY) == [True] * MANY
    assert {row.prompt for row in rows} == {""}
    assert names(happened()) == ["trial_started", "rolled_back"]
    assert ProviderVersion.objects.count() == 3


def test_by_hand_and_by_itself_at_once_is_once(trial):
    run_out()
    rows = [stored() for _ in range(2)]
    ways = [
        lambda: roll_back_now(provider=rows[0], by=BOB),
        lambda: roll_back_overdue(at=timezone.now()),
    ]
    assert sum(at_once(lambda n: int(ways[n]()), 2)) == 1
    assert names(happened()) == ["trial_started", "rolled_back"]


def test_requests_that_leave_at_once_all_leave_by_what_came_back(op, trial):
    run_out()
    found = at_once(lambda n: Browser().leave(), MANY)
    assert not any("prompt=" in url for url in found)
    assert names(happened()) == ["trial_started", "rolled_back"]


@pytest.mark.parametrize("_time", range(3))
def test_confirmed_or_rolled_back_and_never_both(op, trial, _time):
    """An administrator's answer arrives at the very moment at which somebody else rolls back by hand."""
    visitor = Browser()
    callback = op.visit(visitor.leave())
    ways = [lambda: visitor.arrive(callback), lambda: roll_back_now(provider=stored(), by=BOB)]
    at_once(lambda n: ways[n](), 2)
    [_, end] = names(happened())
    assert end in ("trial_confirmed", "rolled_back")
    assert stored().prompt == ("login" if end == "trial_confirmed" else "")
    assert stored().trial_ends_at is None


def test_nobody_stays_who_comes_in_while_another_issuer_is_rolled_back(op, change, another_scripted_provider):
    change(issuer=another_scripted_provider.issuer, trial=HOUR)
    another_scripted_provider.person["email"] = "mallory@corp.example"
    visitor = Browser()
    callback = another_scripted_provider.visit(visitor.leave())
    ways = [lambda: visitor.arrive(callback), lambda: roll_back_now(provider=stored(), by=BOB)]
    at_once(lambda n: ways[n](), 2)
    assert stored().issuer == op.issuer
    assert not ConsoleSession.objects.filter(ended_at=None).exists()


def test_saves_at_once_are_versions_in_a_row(corp):
    def save(number):
        row = Provider.objects.get()
        row.leeway = number
        return services.save_provider(
            provider=row, by=BOB, fetch_metadata=False, trial=timedelta(minutes=5 + number)
        )

    at_once(save, MANY)
    numbers = sorted(ProviderVersion.objects.values_list("number", flat=True))
    assert numbers == list(range(1, MANY + 2))
    assert stored().trial_baseline == 1
