"""The page of a new secret waits for the first call with it, and tells who may know when it came and from where."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from tokens_cast import PASSWORD_BACKEND, OAuth
from tokens_rights import with_all_but, with_exactly

from tests.tokens.pages.test_my_bot import do
from tokens.credentials.services import add_client_secret
from tokens.models import Bot, Credential

pytestmark = pytest.mark.django_db
NEVER = {"last_used_at": None, "last_used_from": None}


@pytest.fixture
def made(bot, by):
    return add_client_secret(bot=bot, label="nightly", by=by)


@pytest.fixture
def her_browser(people, bot):
    Bot.objects.update(owner_named_at=people["alice"].date_joined)
    return browser_of(people["alice"])


def browser_of(user):
    browser = Client()
    browser.force_login(user, PASSWORD_BACKEND)
    return browser


def in_admin(bot, credential):
    return reverse("admin:tokens_bot_use_of", args=[bot.pk, credential.pk])


def as_owner(bot, credential):
    return reverse("my_bot_use", args=[bot.name, credential.pk])


@pytest.mark.parametrize("door", [in_admin, as_owner])
def test_the_first_call_is_told_with_time_and_address_and_nothing_else(people, her_browser, bot, made, door):
    browser = browser_of(people["bob"]) if door is in_admin else her_browser
    credential, client_secret = made
    before = browser.get(door(bot, credential))
    assert before.json() == NEVER
    assert OAuth().token((bot.name, client_secret)).status_code == 200
    after = browser.get(door(bot, credential))
    assert "no-store" in after["Cache-Control"]
    told = after.json()
    assert set(told) == set(NEVER)
    assert told["last_used_from"] == "127.0.0.1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", told["last_used_at"])


def test_a_call_that_proves_nothing_is_none(people, bot, made, by):
    OAuth().token((bot.name, made[1] + "x"))
    OAuth().token((bot.name, add_client_secret(bot=bot, by=by)[1]))
    assert browser_of(people["bob"]).get(in_admin(bot, made[0])).json()["last_used_at"] is None


def test_who_may_see_bots_but_no_credentials_is_told_no_address(bot, made):
    OAuth().token((bot.name, made[1]))
    told = with_exactly("tokens.view_bot").get(in_admin(bot, made[0])).json()
    assert set(told) == {"last_used_at"}
    assert told["last_used_at"]


def test_to_everybody_else_nothing_is_told(people, her_browser, bot, other_bot, made, by):
    theirs, _ = add_client_secret(bot=other_bot, by=by)
    bob, mallory = browser_of(people["bob"]), browser_of(people["mallory"])
    blind = with_all_but("tokens.view_bot", "tokens.change_bot")
    refused = {
        (Client(), in_admin(bot, made[0])): 302,
        (Client(), as_owner(bot, made[0])): 302,
        (mallory, in_admin(bot, made[0])): 302,
        (mallory, as_owner(bot, made[0])): 404,
        (bob, as_owner(bot, made[0])): 404,
        (blind, in_admin(bot, made[0])): 403,
        (bob, in_admin(bot, theirs)): 404,
        (her_browser, as_owner(bot, theirs)): 404,
        (her_browser, as_owner(other_bot, theirs)): 404,
    }
    for (browser, address), status in refused.items():
        answer = browser.get(address)
        assert answer.status_code == status, address
        assert "last_used" not in answer.content.decode()
    Bot.objects.filter(pk=bot.pk).update(owner="mallory")
    assert her_browser.get(as_owner(bot, made[0])).status_code == 404


def test_it_is_only_asked(people, her_browser, bot, made):
    assert browser_of(people["bob"]).post(in_admin(bot, made[0])).status_code == 405
    assert her_browser.post(as_owner(bot, made[0])).status_code == 405


@pytest.mark.parametrize("door", [in_admin, as_owner])
def test_a_look_is_one_statement(people, her_browser, bot, made, door, django_assert_num_queries):
    browser = browser_of(people["bob"]) if door is in_admin else her_browser
    browser.get(door(bot, made[0]))
    with django_assert_num_queries(3):  # the session, its person, and the look
        browser.get(door(bot, made[0]))


class PageTests:
    def shown(self, browser, bot):
        form = reverse("admin:tokens_bot_new_secret", args=[bot.pk])
        return browser.post(form, {"label": "nightly"}, follow=True).content.decode()

    def test_without_a_script_a_link_leads_to_where_the_use_is_told(self, people, bot):
        page = self.shown(browser_of(people["bob"]), bot)
        assert f'href="/admin/tokens/bot/{bot.pk}/change/#credentials"' in page
        assert in_admin(bot, Credential.objects.get()) in page

    def test_the_link_leads_nowhere_that_its_reader_may_not_go(self, bot):
        browser = with_exactly("tokens.change_bot", "tokens.add_credential")
        link = f"/admin/tokens/bot/?q={bot.name}"
        assert f'href="{link}"' in self.shown(browser, bot)
        assert browser.get(link).status_code == 200

    def test_the_owner_is_led_to_her_page(self, her_browser, bot):
        answer = do(her_browser, "make-secret", page=f"/bots/{bot.name}")
        page = her_browser.get(answer["Location"]).content.decode()
        assert f'data-first-call="{as_owner(bot, Credential.objects.get())}"' in page

    def test_a_token_waits_for_no_call(self, her_browser, bot, audience):
        answer = do(her_browser, "issue-token", page=f"/bots/{bot.name}", audience=audience.pk)
        page = her_browser.get(answer["Location"]).content.decode()
        assert 'id="value"' in page
        assert "first-call" not in page
