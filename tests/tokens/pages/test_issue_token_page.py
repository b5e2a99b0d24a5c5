"""A token by hand: shown once, for what is granted, and without an end only if that is said twice."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from tokens_cast import PASSWORD_BACKEND, claims_in, state

from tests.support.leaks import assert_without
from tokens.audiences import disable_audience
from tokens.bots.services import GrantSpec, retire_bot, save_bot
from tokens.models import Bot, TokenRecord


@pytest.fixture
def admin(people):
    browser = Client()
    browser.force_login(people["bob"], PASSWORD_BACKEND)
    return browser


@pytest.fixture
def form_page(bot):
    return reverse("admin:tokens_bot_new_token", args=[bot.pk])


@pytest.fixture
def form(audience):
    return {"audience": audience.pk, "scopes": "", "lifetime": "", "label": "nightly"}


def test_a_token_is_shown_once_and_counts(admin, bot, form_page, form, oauth, me):
    assert form_page in admin.get(reverse("admin:tokens_bot_change", args=[bot.pk])).content.decode()
    assert admin.get(form_page).status_code == 200
    shown = admin.post(form_page, form, follow=True)
    token, record = shown.context["token"], TokenRecord.objects.get()
    assert "no-store" in shown["Cache-Control"]
    assert token in shown.content.decode()
    assert 'data-copy="issued-token"' in shown.content.decode()
    assert oauth.introspect(token, me).json()["active"] is True
    assert (record.label, record.issued_by) == ("nightly", "user:bob")
    for later in (form_page, reverse("admin:tokens_tokenrecord_change", args=[record.pk])):
        assert_without(admin.get(later).content.decode(), token)


def test_only_lifetimes_that_the_audience_allows_are_offered(admin, form_page, form):
    offered = dict(admin.get(form_page).context["form"].fields["lifetime"].choices)
    assert list(offered) == ["", "OneHour", "1"]
    before = state()
    for lifetime in ("7", "Unlimited", "x"):
        assert "errornote" in admin.post(form_page, {**form, "lifetime": lifetime}).content.decode()
    assert state() == before


def test_no_end_is_said_twice(admin, openmetadata, by):
    bot = save_bot(bot=Bot(name="om-bot"), grants=[GrantSpec(openmetadata, [], ["ingestor"])], by=by)
    form_page = reverse("admin:tokens_bot_new_token", args=[bot.pk])
    form = {"audience": openmetadata.pk, "lifetime": "Unlimited", "label": ""}
    assert "errornote" in admin.post(form_page, form).content.decode()
    assert not TokenRecord.objects.exists()
    token = admin.post(form_page, {**form, "no_end": "on"}, follow=True).context["token"]
    assert "exp" not in claims_in(token)
    assert TokenRecord.objects.get().expires_at is None


def test_scopes_that_are_not_granted_are_told_on_the_page(admin, form_page, form):
    before = state()
    assert "errornote" in admin.post(form_page, {**form, "scopes": "admin"}).content.decode()
    assert state() == before


def test_a_token_for_an_audience_that_is_withdrawn_is_not_made(admin, form_page, form, audience, by):
    disable_audience(audience=audience, by=by)
    before = state()
    assert "errornote" in admin.post(form_page, form).content.decode()
    assert state() == before


def test_without_a_grant_there_is_nothing_to_issue(admin, by):
    bot = save_bot(bot=Bot(name="idle-bot"), grants=[], by=by)
    assert "no grant" in admin.get(reverse("admin:tokens_bot_new_token", args=[bot.pk])).content.decode()


def test_the_page_needs_both_rights(admin, people, form_page, form, bot, by):
    mallory = people["mallory"]
    mallory.is_staff = True
    mallory.save()
    browser = Client()
    browser.force_login(mallory, PASSWORD_BACKEND)
    assert browser.post(form_page, form).status_code == 403
    mallory.user_permissions.add(Permission.objects.get(codename="change_bot"))
    assert browser.post(form_page, form).status_code == 403
    assert admin.post(reverse("admin:tokens_bot_new_token", args=[0]), form).status_code == 404
    retire_bot(bot=bot, by=by)
    assert admin.post(form_page, form).status_code == 403
    assert not TokenRecord.objects.exists()
