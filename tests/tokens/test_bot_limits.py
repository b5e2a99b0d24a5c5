"""What a bot may not have too much of: tokens, and failures."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from tokens_cast import problem, state

from ssoconsole.platform.eventlog.models import Event
from tokens.credentials.authentication import MOST_PER_ADDRESS
from tokens.models import Bot, TokenRecord

IPV6 = "2001:db8:1:2::{}"


@pytest.fixture
def two_at_most(bot):
    Bot.objects.filter(pk=bot.pk).update(max_live_tokens=2)


def refused(oauth, me):
    before = state()
    answer = oauth.token(me)
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_tokens")
    assert state() == before


def test_a_bot_may_hold_so_many_tokens_and_no_more(oauth, me, two_at_most):
    assert [oauth.token(me).status_code for _ in range(2)] == [200, 200]
    refused(oauth, me)


def test_a_token_that_was_given_up_makes_room(oauth, me, two_at_most):
    first, _ = (oauth.token(me).json()["access_token"] for _ in range(2))
    oauth.revoke(first, me)
    assert oauth.token(me).status_code == 200
    refused(oauth, me)


def test_tokens_that_have_ended_make_room(oauth, me, two_at_most):
    for _ in range(2):
        oauth.token(me)
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert oauth.token(me).status_code == 200


def test_a_bot_that_may_hold_none_gets_none(oauth, bot, me):
    Bot.objects.filter(pk=bot.pk).update(max_live_tokens=0)
    assert oauth.token(me).status_code == 429
    assert not TokenRecord.objects.exists()


def test_other_bots_are_not_counted(oauth, other_bot, other_secret, me, two_at_most):
    for _ in range(3):
        assert oauth.token((other_bot.name, other_secret)).status_code == 200
    assert oauth.token(me).status_code == 200


def test_nobody_can_make_more_for_it_either(oauth, bob, bot, me, two_at_most):
    for _ in range(2):
        oauth.token(me)
    problem(bob.post(f"/api/v1/bots/{bot.name}/tokens", {}), 429, "too_many_tokens")
    assert TokenRecord.objects.count() == 2


def test_what_a_bot_fetches_for_itself_is_a_record_and_no_event(oauth, me):
    assert oauth.token(me).status_code == 200
    assert TokenRecord.objects.get().issued_by == "bot:ingestion-bot"
    assert not Event.objects.filter(action="token_issued").exists()


def test_addresses_of_one_ipv6_customer_are_counted_together(oauth, me):
    for number in range(MOST_PER_ADDRESS + 1):
        name = (f"bot-{number}", "wrong")
        answer = oauth.post(
            "/oauth/token",
            "grant_type=client_credentials",
            auth=name,
            REMOTE_ADDR=IPV6.format(f"{number:x}"),
        )
    assert answer["Retry-After"] == "60"
    good = oauth.post(
        "/oauth/token", "grant_type=client_credentials", auth=me, REMOTE_ADDR=IPV6.format("ffff")
    )
    assert good.status_code == 200
