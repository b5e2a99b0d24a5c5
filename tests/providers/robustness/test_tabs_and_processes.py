"""Eight tabs, and more than one process: nobody waits for ever, and nothing is counted twice."""

import pytest
from django.contrib.auth import get_user_model

from providers.metadata import may_refetch
from providers.models import ConsoleSession, SignInAttempt
from ssoconsole.platform import limits
from tests.providers.signin.journey import Browser, register
from tests.support.at_once import at_once

TABS = 8


def tab_of(visitor):
    tab = Browser()
    tab.client.cookies["signin"] = visitor.client.cookies["signin"].value
    return tab


@pytest.mark.django_db(transaction=True)
def test_eight_tabs_that_leave_before_any_comes_back_all_arrive(scripted_provider, visitor):
    register(scripted_provider)
    visitor.leave()
    tabs = [tab_of(visitor) for _ in range(TABS)]
    left = [tab.leave(next=f"/account?{number}") for number, tab in enumerate(tabs)]
    callbacks = [scripted_provider.visit(url) for url in reversed(left)]
    arrived = at_once(lambda number: tabs[number].arrive(callbacks[number])["Location"], TABS)
    assert sorted(arrived) == [f"/account?{number}" for number in range(TABS)]
    assert get_user_model().objects.count() == 1
    assert ConsoleSession.objects.filter(ended_at=None).count() == TABS
    assert SignInAttempt.objects.filter(outcome="ok").count() == TABS


def test_tries_are_counted_in_the_cache_that_processes_share(db, scripted_provider):
    """Another process has no local count of ours; it must find this one's tries all the same."""
    provider = register(scripted_provider)
    assert [may_refetch(provider.pk) for _ in range(2)] == [True, True]
    limits._local.clear()
    assert [may_refetch(provider.pk) for _ in range(3)] == [True, False, False]
    assert limits._local == {}
