"""What a page makes is made once, however often the page is loaded, and its secret is shown at one look."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND

from ssoconsole.platform.accounts.models import SecretToShow, User
from ssoconsole.platform.accounts.shown_once import LIFETIME
from ssoconsole.platform.eventlog.models import Event
from tokens.models import Credential, TokenRecord

# Each page that makes something secret: its URL's name, what is posted, what it makes, and where the secret stands.
PAGES = {
    "a client secret": (
        "tokens_bot_new_secret",
        {"label": "nightly"},
        Credential,
        r'id="client-secret"[^>]* value="([^"]+)"',
    ),
    "a token": (
        "tokens_bot_new_token",
        {"lifetime": "", "label": "x"},
        TokenRecord,
        r'id="issued-token"[^>]* value="([^"]+)"',
    ),
}
WAS_SHOWN = "This page has shown"


def browser_of(user):
    browser = Client()
    browser.force_login(user, PASSWORD_BACKEND)
    return browser


@pytest.fixture(params=PAGES)
def form_page(request, bot, audience):
    """Where to post, what, the model of what is made, and how its secret is found on the page."""
    name, form, model, secret = PAGES[request.param]
    if name == "tokens_bot_new_token":
        form = {**form, "audience": audience.pk}
    return reverse(f"admin:{name}", args=[bot.pk]), form, model, re.compile(secret)


@pytest.fixture
def admin(people):
    return browser_of(people["bob"])


def posted(browser, form_page):
    """Where the answer to the form leads."""
    answer = browser.post(form_page[0], form_page[1])
    assert answer.status_code in (302, 303), answer.content
    assert not form_page[3].search(answer.content.decode())
    return answer["Location"]


def test_a_page_that_shows_another_kind_leaves_it_alone(admin, form_page, bot):
    shown = posted(admin, form_page)
    made = shown.rstrip("/").rpartition("/")[2]
    for name, *_ in PAGES.values():
        other = reverse(f"admin:{name}_made", args=[bot.pk, made])
        if other != shown:
            assert WAS_SHOWN in admin.get(other).content.decode()
    assert form_page[3].search(admin.get(shown).content.decode())


def test_it_is_not_shown_as_another_bots(admin, form_page, bot, other_bot):
    shown = posted(admin, form_page)
    answer = admin.get(shown.replace(f"/{bot.pk}/", f"/{other_bot.pk}/"))
    assert not form_page[3].search(answer.content.decode())


def test_the_form_leads_to_a_page_that_shows_it_once(admin, form_page):
    _, _, model, secret = form_page
    shown = posted(admin, form_page)
    assert model.objects.count() == 1
    first = admin.get(shown)
    assert first.status_code == 200
    assert "no-store" in first["Cache-Control"]
    found = secret.search(first.content.decode()).group(1)
    assert found not in shown
    for _ in range(2):
        again = admin.get(shown).content.decode()
        assert WAS_SHOWN in again
        assert found not in again
        assert not secret.search(again)
    assert model.objects.count() == 1
    assert not SecretToShow.objects.exists()
    assert found not in str(list(Event.objects.values()))


def test_what_makes_something_is_no_request_that_a_reload_repeats(admin, form_page):
    _, _, model, _ = form_page
    shown = posted(admin, form_page)
    assert admin.post(shown, form_page[1]).status_code == 405
    assert admin.head(shown).status_code == 200
    assert form_page[3].search(admin.get(shown).content.decode())  # a HEAD is no look
    assert model.objects.count() == 1


def test_what_nobody_has_looked_at_in_time_goes_with_the_next_one(admin, form_page):
    posted(admin, form_page)
    SecretToShow.objects.update(made_at=timezone.now() - LIFETIME)
    posted(admin, form_page)
    assert SecretToShow.objects.count() == 1


def test_nothing_in_the_database_is_the_secret_or_opens_the_session(admin, form_page):
    shown = posted(admin, form_page)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {SecretToShow._meta.db_table}")
        rows = str(cursor.fetchall())
    secret = form_page[3].search(admin.get(shown).content.decode()).group(1)
    assert secret.rsplit("/", 1)[-1] not in rows
    assert admin.session.session_key not in rows


def test_only_the_person_and_the_browser_that_made_it_see_it(admin, people, form_page):
    shown = posted(admin, form_page)
    other = browser_of(User.objects.create_superuser("carol"))
    same_person = browser_of(people["bob"])
    assert Client().get(shown).status_code == 302
    for stranger in (other, same_person):
        answer = stranger.get(shown).content.decode()
        assert WAS_SHOWN in answer
        assert not form_page[3].search(answer)
    assert form_page[3].search(admin.get(shown).content.decode())


def test_a_session_that_has_changed_hands_sees_nothing(admin, people, form_page):
    shown = posted(admin, form_page)
    admin.force_login(User.objects.create_superuser("carol"), PASSWORD_BACKEND)
    assert WAS_SHOWN in admin.get(shown).content.decode()


def test_it_waits_for_five_minutes(admin, form_page):
    shown = posted(admin, form_page)
    with time_machine.travel(timezone.now() + LIFETIME):
        assert not form_page[3].search(admin.get(shown).content.decode())
        call_command("cleanup")
    assert not SecretToShow.objects.exists()
    assert Session.objects.exists()
    shown = posted(admin, form_page)
    with time_machine.travel(timezone.now() + LIFETIME - timedelta(seconds=5)):
        assert form_page[3].search(admin.get(shown).content.decode())


def test_whoever_may_no_longer_make_one_sees_none(admin, people, form_page):
    shown = posted(admin, form_page)
    User.objects.filter(pk=people["bob"].pk).update(is_superuser=False, is_staff=True)
    assert admin.get(shown).status_code == 403


def test_if_it_cannot_be_kept_nothing_is_made(admin, form_page, monkeypatch):
    def fail(*arguments, **more):
        raise RuntimeError

    monkeypatch.setattr(SecretToShow, "save", fail)
    with pytest.raises(RuntimeError):
        admin.post(form_page[0], form_page[1])
    assert not form_page[2].objects.exists()


def test_a_look_that_somebody_else_had_first_shows_nothing(admin, form_page, monkeypatch):
    """Two requests read the row; the first one deletes it."""
    shown = posted(admin, form_page)
    read = SecretToShow.objects.get()
    found = type(SecretToShow.objects.all()).first

    def first_of_two(rows):
        row = found(rows)
        if isinstance(row, SecretToShow):
            SecretToShow.objects.filter(pk=read.pk).delete()
        return row

    monkeypatch.setattr(type(SecretToShow.objects.all()), "first", first_of_two)
    answer = admin.get(shown).content.decode()
    assert WAS_SHOWN in answer
    assert not form_page[3].search(answer)
