"""Administrators who write one registration at the same moment; in turns on SQLite, which has one writer at a time."""

import pytest

from providers.models import ConsoleSession, Provider, ProviderVersion
from providers.registration import services
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB, somewhere
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


@pytest.fixture
def corp():
    provider = somewhere(name="Name 0")
    services.save_provider(provider=provider, by=BOB, fetch_metadata=False)
    return provider


def test_each_save_is_of_what_the_one_before_has_left(corp):
    def save(number):
        row = Provider.objects.get(pk=corp.pk)
        row.name = f"Name {number + 1}"
        services.save_provider(provider=row, by=BOB, fetch_metadata=False)

    at_once(save, MANY)
    assert list(ProviderVersion.objects.order_by("number").values_list("number", flat=True)) == [
        *range(1, MANY + 2)
    ]
    steps = [
        (event.before["name"], event.after["name"])
        for event in Event.objects.filter(action="provider_changed").order_by("pk")
    ]
    assert len(steps) == MANY
    assert [before for before, _ in steps] == ["Name 0", *(after for _, after in steps[:-1])]
    assert Provider.objects.get().name == steps[-1][1]


@pytest.mark.parametrize("switch", ["enable", "disable"])
def test_one_of_many_switches_it(corp, switch):
    Provider.objects.update(enabled=switch == "disable")
    act = getattr(services, f"{switch}_provider")
    done = at_once(lambda _: act(provider=Provider.objects.get(pk=corp.pk), by=BOB), MANY)
    assert sorted(done) == [False] * (MANY - 1) + [True]
    assert Event.objects.filter(action=f"provider_{switch}d").count() == 1
    assert ConsoleSession.objects.count() == 0
