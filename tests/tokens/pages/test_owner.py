"""Whose a bot is: people are offered to who may view them, and a name that is nobody's is warned about and saved."""

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tokens_cast import PASSWORD_BACKEND
from tokens_rights import with_all_but, with_exactly

from ssoconsole.platform.accounts.models import User
from tokens.models import Bot

pytestmark = pytest.mark.django_db
OFFERS = "/admin/tokens/bot/people"
ADD = "/admin/tokens/bot/add/"
MAY = ("accounts.view_user", "tokens.add_bot")


@pytest.fixture
def bob(people):
    browser = Client()
    browser.force_login(people["bob"], PASSWORD_BACKEND)
    return browser


@pytest.fixture
def crowd(people):
    User.objects.create(username="Alan", name="Alan T.", email="turing@corp.example")
    User.objects.create(username="alumnus", is_active=False)
    User.objects.bulk_create(User(username=f"many-{number:02}") for number in range(15))


def offered(browser, text):
    answer = browser.post(OFFERS, {"text": text})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return [each["username"] for each in answer.json()["people"]]


def form(owner):
    return {"name": "new-bot", "owner": owner, "grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}


def said(answer):
    return [(each.level_tag, each.message) for each in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("al", ["Alan", "alice@corp.example"]),
        ("AL", ["Alan", "alice@corp.example"]),
        ("ALAN", ["Alan"]),
        ("Turing@Corp.Example", ["Alan"]),
        ("lice", []),
        ("alumnus", []),
        ("", []),
        ("%", []),
        ("x" * 300, []),
        ("al\0", ["Alan", "alice@corp.example"]),
    ],
)
def test_those_who_work_here_are_offered_by_an_index(bob, crowd, text, names):
    assert sorted(offered(bob, text)) == names


def test_of_many_ten_are_offered_in_no_order(bob, crowd):
    found = offered(bob, "many-")
    assert len(set(found)) == len(found) == 10
    assert all(name.startswith("many-") for name in found)


def test_of_each_the_name_and_address_stand_beside_it_and_nothing_else(bob, crowd):
    [told] = bob.post(OFFERS, {"text": "Alan"}).json()["people"]
    assert told == {"username": "Alan", "detail": "Alan T., turing@corp.example"}


@pytest.mark.parametrize("right", MAY)
def test_who_may_not_view_people_or_give_bots_is_offered_nobody_and_has_a_plain_text(crowd, right):
    browser = with_exactly(*set(MAY) - {right})
    assert browser.post(OFFERS, {"text": "Alan"}).status_code == 403
    assert "data-people" not in browser.get(ADD).content.decode()
    everybody = with_all_but("accounts.view_user", "accounts.change_user")
    with CaptureQueriesContext(connection) as asked:
        assert everybody.post(OFFERS, {"text": "Alan"}).status_code == 403
    assert not [query for query in asked if "turing" in query["sql"].lower() or "Alan" in query["sql"]]
    page = everybody.get(ADD).content.decode()
    assert 'name="owner"' in page
    assert "data-people" not in page
    assert "js/owner.js" not in page


def test_with_both_rights_and_no_other_the_form_offers(crowd):
    browser = with_exactly(*MAY)
    assert f'data-people="{OFFERS}"' in browser.get(ADD).content.decode()
    assert offered(browser, "Alan") == ["Alan"]


def test_strangers_and_other_sites_are_told_nothing(people, crowd):
    assert Client().post(OFFERS, {"text": "Alan"}).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people["bob"], PASSWORD_BACKEND)
    assert strict.post(OFFERS, {"text": "Alan"}).status_code == 403
    assert strict.get(OFFERS, {"text": "Alan"}).status_code == 405


@pytest.mark.parametrize(
    ("owner", "warning"),
    [
        ("nobody@corp.example", "The owner nobody@corp.example: None of that name."),
        ("alumnus", "The owner alumnus: Disabled"),
        ("alice@corp.example", None),
        ("ALICE@Corp.Example", None),
        ("", None),
    ],
)
def test_a_name_that_leads_to_nobody_is_saved_with_a_warning(bob, crowd, owner, warning):
    answer = bob.post(ADD, form(owner))
    assert answer.status_code == 302
    assert Bot.objects.get().owner == owner
    warnings = [text for level, text in said(answer) if level == "warning"]
    assert len(warnings) == bool(warning)
    assert all(text.startswith(warning) for text in warnings)


def test_a_name_that_stays_is_not_warned_about_again(bob, people):
    bob.post(ADD, form("nobody"))
    bob.get("/admin/")  # where it is read
    page = reverse("admin:tokens_bot_change", args=[Bot.objects.get().pk])
    answer = bob.post(page, form("nobody") | {"description": "changed"})
    assert Bot.objects.get().description == "changed"
    assert [level for level, _ in said(answer)] == ["success"]
    assert "None of that name" in bob.get(page).content.decode()
