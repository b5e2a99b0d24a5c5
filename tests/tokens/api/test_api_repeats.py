"""A request that creates something may be sent again: it creates nothing twice, and shows no secret twice."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from rest_framework.test import APIClient
from tokens_cast import PASSWORD_BACKEND, problem, state, writes_refused

from ssoconsole.platform.accounts.models import User
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Bot, RepeatableRequest
from tokens.records.services import issue_token
from tokens.repeats import do_once

pytestmark = pytest.mark.django_db

TRUST = {"issuer": "https://idp.example", "audience": "https://console.example", "subject": "repo:a/b:ref"}
CREATING = {
    "bot": ("/api/v1/bots", {"name": "new-bot"}),
    "secret": ("/api/v1/bots/ingestion-bot/secrets", {"label": "cron"}),
    "token": ("/api/v1/bots/ingestion-bot/tokens", {"lifetime": "1"}),
    "audience": ("/api/v1/audiences", {"identifier": "https://new.example", "name": "New"}),
    "credential": ("/api/v1/bots/ingestion-bot/credentials", {"kind": "federation", "trust": TRUST}),
}


def again(client, path, body, key="one"):
    return client.post(path, body, headers={"Idempotency-Key": key}, format="json")


@pytest.mark.parametrize("what", CREATING)
def test_a_repeat_creates_nothing_and_names_what_there_is(bob, bot, what):
    path, body = CREATING[what]
    first = again(bob, path, body)
    assert first.status_code == 201, first.content
    before = state()
    told = problem(again(bob, path, body), 409, "already_done")
    assert told["resource"] == first["Location"]
    assert bob.get(first["Location"]).status_code == 200
    assert state() == before
    for name in ("client_secret", "token"):
        assert name not in told
        if name in first.json():
            assert_without(told, first.json()[name])


@pytest.mark.parametrize("what", CREATING)
def test_without_a_key_the_answer_names_what_it_created(bob, bot, what):
    path, body = CREATING[what]
    answer = bob.post(path, body, format="json")
    assert bob.get(answer["Location"]).status_code == 200
    assert not RepeatableRequest.objects.exists()


def test_another_body_under_the_same_key_is_refused(bob, bot):
    path, body = CREATING["secret"]
    again(bob, path, body)
    before = state()
    problem(again(bob, path, {"label": "other"}), 422, "idempotency_key_reused")
    assert state() == before


def test_the_order_of_members_is_no_other_body(bob, bot):
    path, _ = CREATING["token"]
    again(bob, path, {"lifetime": "1", "label": "x"}, "order")
    problem(again(bob, path, {"label": "x", "lifetime": "1"}, "order"), 409, "already_done")


def test_a_bot_and_a_person_of_one_name_are_two_callers(bob, bot, console, by):
    namesake = save_bot(bot=Bot(name="bob"), grants=[GrantSpec(console, ["console.write"])], by=by)
    hour = timedelta(hours=1)
    token = issue_token(bot=namesake, audience=console, scopes=None, lifetime=hour, by=by)[1]
    path, body = CREATING["secret"]
    assert again(bob, path, body).status_code == 201
    headers = {"Idempotency-Key": "one", "Authorization": f"Bearer {token}"}
    assert APIClient().post(path, body, headers=headers, format="json").status_code == 201
    problem(APIClient().post(path, body, headers=headers, format="json"), 409, "already_done")


def test_another_path_another_key_and_another_caller_are_other_requests(bob, bot, other_bot):
    carol = APIClient()
    carol.force_login(User.objects.create_superuser("carol"), PASSWORD_BACKEND)
    path, body = CREATING["secret"]
    assert again(bob, path, body).status_code == 201
    assert again(bob, path, body, "two").status_code == 201
    assert again(bob, f"/api/v1/bots/{other_bot.name}/secrets", body).status_code == 201
    assert again(carol, path, body).status_code == 201


def test_a_request_that_was_refused_may_be_mended_under_its_key(bob, bot):
    problem(again(bob, "/api/v1/bots", {"name": "a b"}), 400, "invalid")
    assert again(bob, "/api/v1/bots", {"name": "ab"}).status_code == 201


def test_a_request_that_could_not_be_stored_is_forgotten_with_its_key(bob, bot):
    path, body = CREATING["token"]
    with writes_refused("tokens_tokenrecord"):
        problem(again(bob, path, body), 503, "temporarily_unavailable")
    assert not RepeatableRequest.objects.exists()
    assert again(bob, path, body).status_code == 201


def test_what_cannot_be_remembered_is_not_done(bob, bot):
    path, body = CREATING["token"]
    before = state()
    with writes_refused("tokens_repeatablerequest"):
        problem(again(bob, path, body), 503, "temporarily_unavailable")
    assert state() == before


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "schlüssel"])
def test_a_key_that_is_none_is_refused(bob, bot, key):
    before = state()
    path, body = CREATING["secret"]
    answer = bob.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key)
    problem(answer, 400, "idempotency_key_invalid")
    assert state() == before


def test_no_secret_is_kept_for_a_repeat(bob, bot):
    path, body = CREATING["secret"]
    secret = again(bob, path, body).json()["client_secret"]
    assert_without(str(RepeatableRequest.objects.values()), secret)
    assert "one" not in str(RepeatableRequest.objects.values_list("key_hash", "body_hash"))


def test_a_stranger_learns_nothing_from_a_key(mallory, alice, bob, bot):
    path, body = CREATING["secret"]
    again(bob, path, body)
    assert again(mallory, path, body).status_code == 404
    assert again(alice, path, body).status_code == 403


def test_a_day_later_the_key_is_forgotten(bob, bot):
    path, body = CREATING["secret"]
    again(bob, path, body)
    with time_machine.travel(timezone.now() + timedelta(hours=23), tick=False):
        call_command("cleanup")
        assert RepeatableRequest.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        call_command("cleanup")
        assert not RepeatableRequest.objects.exists()


def test_what_fails_leaves_nothing_behind():
    def create():
        raise OperationalError("disk full")

    with pytest.raises(OperationalError):
        do_once(caller="a", path="/", key="k", body={}, create=create, resource_of=str)
    assert not RepeatableRequest.objects.exists()
