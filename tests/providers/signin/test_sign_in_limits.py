"""One address cannot fill the table, and a broken cache stops nobody."""

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from providers.models import SignInAttempt
from providers.signin import guard
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, assert_refused, outcome_of, query_of, trace_of

FLOODS = {
    "starts": "/signin/corp",
    "unknown providers": "/signin/nobody",
    "unknown issuers": "/signin?iss=x",
    "strays": "/callback/corp?state=x",
    "refusals without a state": "/callback/corp?error=access_denied",
    "repetitions": "/callback/corp?state=x&state=y",
}


@pytest.fixture(autouse=True)
def _three_a_minute(settings):
    settings.SIGN_INS_PER_MINUTE = 3
    with time_machine.travel("2026-05-05T12:00:01Z", tick=False):
        yield


@pytest.mark.parametrize("path", FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_is_refused_and_is_one_row(op, provider, visitor, path):
    responses = [visitor.client.get(path) for _ in range(8)]
    assert [outcome_of(r) for r in responses[3:]] == ["too_many_attempts"] * 5
    assert_refused(responses[-1], "too_many_attempts", 429)
    assert len({trace_of(response).pk for response in responses[3:]}) == 1
    assert SignInAttempt.objects.count() == 4
    assert Event.objects.filter(outcome="too_many_attempts").count() == 1


def test_floods_from_two_addresses_are_two_rows(provider):
    """Or nobody would learn of the second one where it came from."""
    addresses = ("198.51.100.7", "203.0.113.9")
    refused = [
        [Client(REMOTE_ADDR=address).get("/signin/corp") for _ in range(5)][-1] for address in addresses
    ]
    assert [outcome_of(response) for response in refused] == ["too_many_attempts"] * 2
    assert tuple(trace_of(response).address for response in refused) == addresses


def test_a_flood_of_accounts_to_connect_is_refused_too(op, provider, visitor):
    visitor.sign_in(op)
    cache.clear()
    answers = [visitor.client.post("/account/connect/corp") for _ in range(5)]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    assert [outcome_of(answer) for answer in answers[3:]] == ["too_many_attempts"] * 2


STRAYS = {
    "another browser's": lambda visitor, callback: Browser().arrive(callback),
    "one without its cookie": lambda visitor, callback: Client().get(callback.path),
    "one that was used": lambda visitor, callback: visitor.arrive(callback),
    "one with two codes": lambda visitor, callback: visitor.client.get(f"{callback.path}&code=another"),
    "a form where none was asked for": lambda visitor, callback: Client().post(
        "/callback/corp", query_of(callback.path)
    ),
}


@pytest.mark.parametrize("bring", STRAYS.values(), ids=STRAYS.keys())
def test_answers_that_fit_no_attempt_of_this_browser_are_counted(settings, op, provider, visitor, bring):
    """Or whoever has seen a state, or guesses one, could try as often as he likes."""
    callback = op.visit(visitor.leave())
    visitor.arrive(callback)
    spent = SignInAttempt.objects.values().get(outcome="ok")
    cache.clear()
    outcomes = [outcome_of(bring(visitor, callback)) for _ in range(5)]
    assert "too_many_attempts" not in outcomes[:3]
    assert outcomes[3:] == ["too_many_attempts"] * 2
    assert SignInAttempt.objects.values().get(pk=spent["id"]) == spent
    assert len(op.requests_to("token")) == 1


def test_others_are_not_slowed_down(provider, visitor):
    for _ in range(5):
        visitor.client.get("/signin/corp")
    Browser(REMOTE_ADDR="192.0.2.9").leave()


def test_one_ipv6_network_is_one_address(provider):
    for n in range(3):
        Browser(REMOTE_ADDR=f"2001:db8::{n}").leave()
    assert outcome_of(Browser(REMOTE_ADDR="2001:db8::ffff").client.get("/signin/corp")) == "too_many_attempts"
    Browser(REMOTE_ADDR="2001:db8:0:1::1").leave()


def test_an_address_that_is_none_is_counted_too(provider):
    responses = [Browser(REMOTE_ADDR="").client.get("/signin/corp") for _ in range(4)]
    assert outcome_of(responses[-1]) == "too_many_attempts"


def test_the_next_minute_is_a_new_one(provider, visitor):
    for _ in range(5):
        visitor.client.get("/signin/corp")
    with time_machine.travel("2026-05-05T12:01:01Z", tick=False):
        visitor.leave()


def test_an_answer_that_belongs_to_an_attempt_is_always_heard(op, provider, visitor):
    callback = op.visit(visitor.leave())
    for _ in range(5):
        visitor.client.get("/signin/corp")
    assert visitor.arrive(callback).status_code == 302


def test_a_broken_cache_stops_nobody(op, provider, visitor, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    for _ in range(5):
        visitor.leave()


def test_a_cache_that_breaks_in_a_flood_still_gives_a_page(provider, visitor, monkeypatch):
    def breaks(*args, **kwargs):
        raise OSError

    monkeypatch.setattr(guard.cache, "get", breaks)
    monkeypatch.setattr(guard.cache, "set", breaks)
    responses = [visitor.client.get("/signin/corp") for _ in range(5)]
    assert [outcome_of(response) for response in responses[3:]] == ["too_many_attempts"] * 2
    assert trace_of(responses[-1])
