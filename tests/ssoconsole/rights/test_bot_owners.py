"""Whoever registers a name first does not come into the bots that were given to it before."""

import pytest
from django.test import Client

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import sign_in_person
from tests.ssoconsole.pages.pages_cast import administrator, come_in, provider
from tokens.bots.services import confirm_owner, owner_waits, save_bot
from tokens.models import Bot

NAME = "alice@corp.example"
BY = Actor.command("apply")


@pytest.fixture
def corp(db):
    return provider()


@pytest.fixture
def bot(db):
    return save_bot(bot=Bot(name="ingestion-bot", owner=NAME), grants=None, by=BY)


@pytest.fixture
def newcomer(bot, corp):
    """Signed up under the name after the bot was given to it; nobody knows whether she is the one who was meant."""
    return sign_up(corp)


@pytest.fixture
def bob(corp):
    client = Client()
    come_in(client, administrator(), corp)
    return client


def sign_up(corp, sub="s-1"):
    claims = {"sub": sub, "email": NAME, "email_verified": True}
    user = sign_in_person(provider=corp, claims=claims, by=Actor("provider", "corp"))
    client = Client()
    come_in(client, User.objects.get(pk=user.pk), corp)
    return client


def sees_it(client):
    listed = [bot["name"] for bot in client.get("/api/v1/bots").json()["results"]]
    read = client.get("/api/v1/bots/ingestion-bot").status_code == 200
    home = "ingestion-bot" in client.get("/").content.decode()
    secrets = client.get("/api/v1/bots/ingestion-bot/secrets").status_code == 200
    assert len({listed == ["ingestion-bot"], read, home, secrets}) == 1
    return read


def test_she_sees_nothing_of_it(newcomer):
    assert not sees_it(newcomer)


def test_a_save_that_is_not_about_the_owner_does_not_give_it_to_her(newcomer, bot):
    bot.description = "Nightly"
    save_bot(bot=bot, grants=None, by=BY)
    save_bot(bot=Bot.objects.get(), grants=[], by=BY)
    assert not sees_it(newcomer)


def test_whoever_was_there_when_it_was_given_to_her_owns_it(corp):
    alice = sign_up(corp)
    save_bot(bot=Bot(name="ingestion-bot", owner=NAME), grants=None, by=BY)
    assert sees_it(alice)


def test_whoever_signed_up_at_the_very_moment_owns_it_and_waits_for_nobody(newcomer, bot):
    User.objects.filter(username=NAME).update(date_joined=bot.owner_named_at)
    assert sees_it(newcomer)
    assert not owner_waits(bot)


def confirm_by_action(bob, bot):
    page = bob.get(f"/admin/tokens/bot/{bot.pk}/change/").content.decode()
    assert "Made after this bot was given to its name" in page
    data = {"action": "confirm_owners", "_selected_action": [bot.pk]}
    assert bob.post("/admin/tokens/bot/", data).status_code == 302


def confirm_by_api(bob, bot):
    answer = bob.patch("/api/v1/bots/ingestion-bot", {"owner": NAME}, content_type="application/json")
    assert answer.status_code == 200


@pytest.mark.parametrize("confirm", [confirm_by_action, confirm_by_api])
def test_an_administrator_confirms_that_it_is_hers(newcomer, bot, bob, confirm):
    confirm(bob, bot)
    assert sees_it(newcomer)
    told = Event.objects.get(action="bot_owner_confirmed")
    assert (told.target, told.after) == ("ingestion-bot", {"owner": NAME})
    assert not confirm_owner(bot=Bot.objects.get(), by=BY)


def test_to_give_it_to_her_now_is_a_confirmation_too(newcomer, bot):
    for owner in ("bob", NAME):
        bot.owner = owner
        save_bot(bot=bot, grants=None, by=BY)
    assert sees_it(newcomer)


def test_who_takes_the_name_of_somebody_deleted_owns_nothing(corp):
    alice = sign_up(corp)
    save_bot(bot=Bot(name="ingestion-bot", owner=NAME), grants=None, by=BY)
    assert sees_it(alice)
    User.objects.get(username=NAME).delete()
    assert not sees_it(sign_up(corp, sub="s-2"))


def test_nobody_but_who_may_change_the_bot_confirms(newcomer, bot):
    User.objects.filter(username=NAME).update(is_staff=True)
    newcomer.post("/admin/tokens/bot/", {"action": "confirm_owners", "_selected_action": [bot.pk]})
    answer = newcomer.patch("/api/v1/bots/ingestion-bot", {"owner": NAME}, content_type="application/json")
    assert answer.status_code == 404
    assert not sees_it(newcomer)
