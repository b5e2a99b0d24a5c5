"""Django admin: administrators act through the services, viewers look, secrets are shown once."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tokens_cast import METADATA, PASSWORD_BACKEND, state

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.support.leaks import assert_without
from tokens.bots.services import disable_bot, retire_bot
from tokens.credentials.keyless import add_federation
from tokens.models import Audience, Bot, Credential, Grant, SigningKey, TokenRecord

MODELS = ["audience", "bot", "credential", "signingkey", "tokenrecord"]


def url(model, page, *arguments):
    return reverse(f"admin:tokens_{model}_{page}", args=arguments)


def signed_in_browser(user):
    browser = Client()
    browser.force_login(user, PASSWORD_BACKEND)
    return browser


@pytest.fixture
def admin(people):
    return signed_in_browser(people["bob"])


@pytest.fixture
def viewer(db):
    """Somebody who may look at everything here and change nothing."""
    user = User.objects.create_user("victor", is_staff=True)
    names = [f"view_{model}" for model in MODELS]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return signed_in_browser(user)


def act(browser, model, action, *rows, **more):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return browser.post(url(model, "changelist"), data)


def bot_form(audience=None, *, existing=None, **changes):
    form = {
        "name": "new-bot",
        "description": "",
        "owner": "",
        "allowed_networks": "",
        "grants-TOTAL_FORMS": "1" if audience else "0",
        "grants-INITIAL_FORMS": "1" if existing else "0",
        "grants-0-id": existing.pk if existing else "",
        "grants-0-bot": existing.bot_id if existing else "",
    }
    if audience:
        form.update(
            {"grants-0-audience": audience.pk, "grants-0-scopes": "metadata.read", "grants-0-roles": ""}
        )
    return {**form, **changes}


def audience_form(**changes):
    return {
        "identifier": "https://new.example",
        "name": "New",
        "scopes": "a\nb\n",
        "profile": "rfc9068",
        "signing_alg": "ES256",
        "token_lifetime": "60",
        "max_token_lifetime": "",
        **changes,
    }


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_page_opens(admin, token, model):
    page = admin.get(url(model, "changelist"))
    assert page.status_code == 200
    from django.apps import apps

    row = apps.get_model("tokens", model).objects.first()
    page = admin.get(url(model, "change", row.pk))
    assert page.status_code == 200
    assert "PRIVATE KEY" not in page.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_ever_deleted(admin, token, model):
    from django.apps import apps

    row = apps.get_model("tokens", model).objects.first()
    before = state()
    assert admin.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert act(admin, model, "delete_selected", row, post="yes").status_code == 302
    assert state() == before


@pytest.mark.parametrize("model", ["credential", "signingkey", "tokenrecord"])
def test_records_are_neither_made_nor_edited(admin, token, model):
    from django.apps import apps

    row = apps.get_model("tokens", model).objects.first()
    before = state()
    assert admin.get(url(model, "add")).status_code == 403
    assert admin.post(url(model, "change", row.pk), {"label": "x"}).status_code == 403
    assert state() == before


def test_bob_makes_an_audience(admin):
    assert admin.post(url("audience", "add"), audience_form()).status_code == 302
    audience = Audience.objects.get(identifier="https://new.example")
    assert (audience.scopes, audience.max_token_lifetime) == (["a", "b"], None)
    assert Event.objects.get(action="audience_created", target="https://new.example").actor == "user:bob"


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": "nonsense"},
        {"identifier": METADATA},
        {"identifier": ""},
        {"scopes": "a b"},
        {"token_lifetime": "100", "max_token_lifetime": "50"},
        {"token_lifetime": "0"},
    ],
)
def test_an_audience_that_makes_no_sense_is_told_on_the_page(admin, audience, changes):
    before = list(Audience.objects.values())
    page = admin.post(url("audience", "add"), audience_form(**changes))
    assert page.status_code == 200
    assert "errornote" in page.content.decode()
    assert list(Audience.objects.values()) == before


def test_an_identifier_that_tokens_carry_cannot_be_changed_here_either(admin, audience, token):
    page = admin.post(url("audience", "change", audience.pk), audience_form())
    assert "cannot change any more" in page.content.decode()
    audience.refresh_from_db()
    assert audience.identifier == METADATA


def test_bob_disables_and_enables_an_audience(admin, audience, oauth, me):
    act(admin, "audience", "disable", audience, confirmed="yes")
    assert oauth.token(me).status_code == 400
    act(admin, "audience", "enable", audience)
    assert oauth.token(me).status_code == 200


def test_bob_makes_a_bot_with_a_grant(admin, audience):
    assert admin.post(url("bot", "add"), bot_form(audience)).status_code == 302
    bot = Bot.objects.get(name="new-bot")
    assert bot.grants.get().scopes == ["metadata.read"]
    event = Event.objects.get(action="bot_created")
    assert event.actor == "user:bob"
    assert event.after["grants"][0]["audience"] == METADATA


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a b"},
        {"name": ""},
        {"name": "INGESTION-bot"},
        {"allowed_networks": "nonsense"},
        {"grants-0-scopes": "admin"},
        {"grants-0-scopes": "a b"},
        {"grants-0-roles": "r" * 101},
        {"grants-0-audience": "999999"},
    ],
)
def test_a_bot_that_makes_no_sense_is_told_on_the_page(admin, audience, bot, changes):
    before = state()
    page = admin.post(url("bot", "add"), bot_form(audience, **changes))
    assert page.status_code == 200
    assert "errornote" in page.content.decode()
    assert state() == before


def test_bob_changes_a_bot_and_its_grant(admin, bot, audience, oauth, me, token):
    grant = Grant.objects.get()
    form = bot_form(audience, existing=grant, allowed_networks="127.0.0.0/8\n::1/128", name="ignored")
    assert admin.post(url("bot", "change", bot.pk), form).status_code == 302
    bot = Bot.objects.get()
    assert (bot.name, bot.allowed_networks) == ("ingestion-bot", ["127.0.0.0/8", "::1/128"])
    assert bot.grants.get().scopes == ["metadata.read"]
    assert oauth.introspect(token, me).json() == {"active": False}  # it held more than is granted now


def test_bob_takes_a_grant_away(admin, bot, audience):
    form = bot_form(audience, existing=Grant.objects.get(), **{"grants-0-DELETE": "on"})
    assert admin.post(url("bot", "change", bot.pk), form).status_code == 302
    assert not Grant.objects.exists()


def test_two_grants_at_one_audience_are_told_on_the_page(admin, audience):
    form = bot_form(audience, **{"grants-TOTAL_FORMS": "2", "grants-1-audience": audience.pk})
    assert "errornote" in admin.post(url("bot", "add"), form).content.decode()
    assert not Bot.objects.exists()


def test_a_new_secret_is_shown_once_and_works(admin, bot, oauth):
    page = url("bot", "new_secret", bot.pk)
    assert page in admin.get(url("bot", "change", bot.pk)).content.decode()
    asking = admin.get(page)
    assert "no-store" in asking["Cache-Control"]
    assert not Credential.objects.exists()
    shown = admin.post(page, {"label": "nightly"}, follow=True)
    assert "no-store" in shown["Cache-Control"]
    secret = shown.context["client_secret"]
    assert secret in shown.content.decode()
    assert oauth.token((bot.name, secret)).status_code == 200
    credential = Credential.objects.get()
    assert (credential.label, credential.created_by) == ("nightly", "user:bob")
    later = [
        page,
        url("bot", "change", bot.pk),
        url("bot", "changelist"),
        url("credential", "change", credential.pk),
        url("credential", "changelist"),
    ]
    for path in later:
        assert_without(admin.get(path).content.decode(), secret)
    assert_without(str(list(Event.objects.values())), secret)


@pytest.mark.parametrize(
    "form",
    [{"label": "a" * 101}, {"expires_at_0": "2001-01-01", "expires_at_1": "00:00"}, {"expires_at_0": "x"}],
)
def test_a_secret_that_makes_no_sense_is_not_made(admin, bot, form):
    answer = admin.post(url("bot", "new_secret", bot.pk), {"label": "", **form})
    assert answer.status_code == 200
    assert not Credential.objects.exists()


def test_a_secret_may_have_an_end(admin, bot):
    form = {"label": "", "expires_at_0": "2999-01-01", "expires_at_1": "00:00"}
    admin.post(url("bot", "new_secret", bot.pk), form)
    assert Credential.objects.get().expires_at.year == 2999


def test_the_new_secret_page_needs_both_rights(viewer, admin, people, bot, by):
    path = url("bot", "new_secret", bot.pk)
    assert viewer.post(path, {"label": ""}).status_code == 403
    assert Client().post(path, {"label": ""}).status_code == 302
    assert admin.post(url("bot", "new_secret", 0), {"label": ""}).status_code == 404
    half = User.objects.create_user("half", is_staff=True)
    half.user_permissions.add(Permission.objects.get(codename="change_bot"))
    assert signed_in_browser(half).post(path, {"label": ""}).status_code == 403
    retire_bot(bot=bot, by=by)
    assert admin.post(path, {"label": ""}).status_code == 403
    assert not Credential.objects.exists()


def test_the_list_of_bots_shows_live_credentials_and_last_use(admin, bot, oauth, me):
    oauth.token(me)
    page = admin.get(url("bot", "changelist")).content.decode()
    assert '<td class="field-live_credentials">1</td>' in page
    credential = Credential.objects.get()
    act(admin, "credential", "retire", credential, confirmed="yes")
    page = admin.get(url("bot", "changelist")).content.decode()
    assert '<td class="field-live_credentials">0</td>' in page
    assert oauth.token(me).status_code == 401
    assert Credential.objects.get().retired_by == "user:bob"


def test_bob_disables_and_enables_a_bot(admin, bot, oauth, me):
    act(admin, "bot", "disable", bot, confirmed="yes")
    assert oauth.token(me).status_code == 401
    act(admin, "bot", "enable", bot)
    assert oauth.token(me).status_code == 200


def test_a_retired_bot_stays_retired(admin, bot):
    question = act(admin, "bot", "retire", bot)
    assert "cannot be undone" in question.content.decode()
    assert Bot.objects.get().retired_at is None
    assert act(admin, "bot", "retire", bot, confirmed="yes").status_code == 302
    assert Bot.objects.get().retired_at
    act(admin, "bot", "enable", bot)
    assert Bot.objects.get().disabled_at
    assert admin.post(url("bot", "change", bot.pk), bot_form()).status_code == 403


def test_bob_revokes_everything_of_a_bot(admin, bot, oauth, me, token):
    act(admin, "bot", "revoke_tokens", bot)
    assert oauth.introspect(token, me).json()["active"] is True
    act(admin, "bot", "revoke_tokens", bot, confirmed="yes")
    assert oauth.introspect(token, me).json() == {"active": False}


def test_bob_revokes_one_token(admin, oauth, me, token):
    act(admin, "tokenrecord", "revoke", TokenRecord.objects.get(), confirmed="yes")
    assert oauth.introspect(token, me).json() == {"active": False}
    record = TokenRecord.objects.get()
    assert record.revoked_by == "user:bob"
    page = admin.get(url("tokenrecord", "change", record.pk)).content.decode()
    assert f'<div class="readonly">{record.revoked_at:%Y-%m-%d %H:%M} UTC</div>' in page
    assert '<div class="readonly">user:bob</div>' in page


def test_of_a_token_that_counts_nobody_is_named_who_revoked_it(admin, token):
    page = admin.get(url("tokenrecord", "change", TokenRecord.objects.get().pk)).content.decode()
    assert page.count('<div class="readonly">-</div>') == 3  # no label, and no revocation


def test_tokens_are_found_by_exact_jti_or_bot_and_never_all_counted(admin, token, monkeypatch):
    jti = TokenRecord.objects.get().jti
    for term, found in [(jti, True), ("ingestion-bot", True), (jti[:-1], False), ("ingestion", False)]:
        with CaptureQueriesContext(connection) as captured:
            page = admin.get(url("tokenrecord", "changelist"), {"q": term}).content.decode()
        assert (f">{jti}</a>" in page) is found
        counts = [
            query["sql"] for query in captured if "COUNT(" in query["sql"] and "tokenrecord" in query["sql"]
        ]
        assert counts or not found
        assert all("LIMIT" in sql for sql in counts)


def test_the_state_of_a_token_names_the_lasting_reason(admin, bot, audience, token, by, console):
    record = TokenRecord.objects.get()
    changelist = url("tokenrecord", "changelist")

    def shown():
        return admin.get(changelist).content.decode().split('class="field-state">')[1].split("<")[0]

    assert shown() == "live"
    act(admin, "audience", "disable", audience, confirmed="yes")
    assert shown() == "audience disabled"
    disable_bot(bot=bot, by=by)
    assert shown() == "bot disabled"
    TokenRecord.objects.update(expires_at=record.issued_at)
    assert shown() == "expired"
    act(admin, "signingkey", "compromise", record.signing_key, confirmed="yes")
    assert shown() == "key compromised"
    act(admin, "tokenrecord", "revoke", record, confirmed="yes")
    assert shown() == "revoked"


def test_bob_rotates_a_key(admin, oauth, me, token):
    old = SigningKey.objects.signing().get(alg="ES256")
    act(admin, "signingkey", "rotate", old)
    assert SigningKey.objects.signing().get(alg="ES256") == old
    act(admin, "signingkey", "rotate", old, confirmed="yes")
    assert SigningKey.objects.signing().get(alg="ES256") != old
    assert oauth.introspect(token, me).json()["active"] is True


def test_bob_takes_a_compromised_key_out(admin, oauth, me, token):
    old = SigningKey.objects.signing().get(alg="ES256")
    question = act(admin, "signingkey", "compromise", old)
    assert old.kid in question.content.decode()
    assert oauth.introspect(token, me).json()["active"] is True
    act(admin, "signingkey", "compromise", old, confirmed="yes")
    assert oauth.introspect(token, me).json() == {"active": False}


ACTIONS = [
    ("audience", "disable"),
    ("audience", "enable"),
    ("audience", "revoke_tokens"),
    ("bot", "disable"),
    ("bot", "enable"),
    ("bot", "retire"),
    ("bot", "revoke_tokens"),
    ("credential", "retire"),
    ("credential", "revoke_tokens"),
    ("signingkey", "rotate"),
    ("signingkey", "compromise"),
    ("tokenrecord", "revoke"),
]


@pytest.mark.parametrize(("model", "action"), ACTIONS)
def test_a_viewer_looks_and_changes_nothing(viewer, token, model, action):
    from django.apps import apps

    row = apps.get_model("tokens", model).objects.first()
    assert viewer.get(url(model, "changelist")).status_code == 200
    assert viewer.get(url(model, "change", row.pk)).status_code == 200
    before, keys = state(), list(SigningKey.objects.values())
    act(viewer, model, action, row, confirmed="yes")
    assert state() == before
    assert list(SigningKey.objects.values()) == keys


@pytest.mark.parametrize("model", MODELS)
def test_mallory_does_not_get_in(people, token, model):
    mallory = signed_in_browser(people["mallory"])
    assert mallory.get(url(model, "changelist")).status_code == 302


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_maps_are_told_in_words(viewer, bot, by, token, model):
    from django.apps import apps

    trust = {"issuer": "https://ci.example", "audience": "console", "subject": "repo:corp/main"}
    add_federation(bot=bot, rule=trust, jwks=None, jwks_uri=None, by=by)
    pages = [
        viewer.get(url(model, "change", row.pk)).content.decode()
        for row in apps.get_model("tokens", model).objects.all()
    ]
    assert pages
    assert not [page for page in pages if "[&quot;" in page or "{&quot;" in page]
    told = {
        "tokenrecord": ["metadata.read, metadata.write"],
        "audience": ["metadata.read, metadata.write"],
        "credential": ["issuer: https://ci.example", "audience: console"],
    }
    assert any(all(words in page for words in told.get(model, ())) for page in pages)


def test_the_grants_of_a_retired_bot_are_told_in_words(admin, bot, by):
    retire_bot(bot=bot, by=by)
    page = admin.get(url("bot", "change", bot.pk)).content.decode()
    assert "metadata.read, metadata.write" in page
    assert "[&quot;" not in page
