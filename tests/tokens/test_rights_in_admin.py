"""
Every right of every action and page of this app in the admin, one at a time.

With exactly what it needs each works; with every other right there is, and without one of those, it does not, and
nothing changes. The tables are complete: what the admin has is found by looking.
"""

from datetime import UTC, datetime

import pytest
from assertions import Signer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tokens_cast import METADATA
from tokens_rights import everything, with_all_but, with_exactly

from ssoconsole.platform.accounts.models import User
from tokens.audiences import disable_audience
from tokens.bots.services import disable_bot
from tokens.credentials.keyless import add_federation
from tokens.models import Bot, Credential, Grant, TokenRecord

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ADMINS = {
    model._meta.model_name: model_admin
    for model, model_admin in admin.site._registry.items()
    if model._meta.app_label == "tokens"
}
# Whether an action asks before it acts.
AT_ONCE, ASKS = False, True
ACTIONS = {
    ("audience", "disable"): ASKS,
    ("audience", "enable"): AT_ONCE,
    ("audience", "revoke_tokens"): ASKS,
    ("bot", "confirm_owners"): AT_ONCE,
    ("bot", "disable"): ASKS,
    ("bot", "enable"): AT_ONCE,
    ("bot", "retire"): ASKS,
    ("bot", "revoke_tokens"): ASKS,
    ("credential", "retire"): ASKS,
    ("credential", "revoke_tokens"): ASKS,
    ("signingkey", "rotate"): ASKS,
    ("signingkey", "compromise"): ASKS,
    ("tokenrecord", "revoke"): ASKS,
}
RULE = {
    "issuer": "https://idp.example",
    "audience": "https://console.example",
    "subject": "team:nightly",
    "claims": {},
}


def url(model, page, *arguments):
    return reverse(f"admin:tokens_{model}_{page}", args=arguments)


@pytest.fixture
def row(bot, audience, token, by):
    """The row of a model that the actions are tried on, ready for the action."""

    def of(model, action=""):
        if (model, action) == ("audience", "enable"):
            disable_audience(audience=audience, by=by)
        if (model, action) == ("bot", "enable"):
            disable_bot(bot=bot, by=by)
        if (model, action) == ("bot", "confirm_owners"):
            Bot.objects.update(owner="carol@corp.example", owner_named_at=LONG_AGO)
            User.objects.create(username="carol@corp.example")
        record = TokenRecord.objects.get()
        rows = {
            "audience": audience,
            "bot": bot,
            "credential": record.credential,
            "signingkey": record.signing_key,
            "tokenrecord": record,
        }
        return rows[model]

    return of


def act(browser, model, action, row, **more):
    data = {"action": action, "_selected_action": [row.pk], **more}
    return browser.post(url(model, "changelist"), data)


def test_the_table_of_actions_is_complete():
    found = {
        (model, action) for model, model_admin in ADMINS.items() for action in (model_admin.actions or ())
    }
    assert found == set(ACTIONS)


@pytest.mark.parametrize(("model", "action"), ACTIONS)
def test_an_action_needs_the_right_to_change_and_a_yes(row, model, action, other_bot, console):
    chosen = row(model, action)
    others = type(chosen).objects.exclude(pk=chosen.pk).order_by("pk")
    another_alg = others.exclude(alg=chosen.alg) if model == "signingkey" else others
    stranger = with_all_but(f"tokens.change_{model}")
    browser = with_exactly(f"tokens.change_{model}")
    before, left_alone = everything(), list(another_alg.values())
    assert stranger.get(url(model, "changelist")).status_code == 200
    act(stranger, model, action, chosen, confirmed="yes")
    assert everything() == before
    for answer in ({}, {"confirmed": "no"}) if ACTIONS[model, action] else ():
        page = act(browser, model, action, chosen, **answer)
        assert (page.status_code, "Are you sure?" in page.content.decode()) == (200, True)
        assert everything() == before
    assert act(browser, model, action, chosen, confirmed="yes").status_code == 302
    assert everything() != before
    assert list(another_alg.values()) == left_alone


# --- Pages -------------------------------------------------------------------------------------------------


def pem():
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


PAGES = {
    "bot_new_secret": (
        {"tokens.change_bot", "tokens.add_credential"},
        lambda bot, audience: {"label": "nightly"},
    ),
    "bot_new_keys": (
        {"tokens.change_bot", "tokens.add_credential"},
        lambda bot, audience: {"jwks_uri": "https://bot.example/jwks.json"},
    ),
    "bot_new_federation": (
        {"tokens.change_bot", "tokens.add_credential"},
        lambda bot, audience: {**RULE, "claims": ""},
    ),
    "bot_new_token": (
        {"tokens.change_bot", "tokens.add_tokenrecord"},
        lambda bot, audience: {"audience": audience.pk, "lifetime": "", "label": "", "scopes": ""},
    ),
    "signingkey_import": (
        {"tokens.change_signingkey", "tokens.add_signingkey"},
        lambda bot, audience: {"file": SimpleUploadedFile("key.pem", pem()), "kid": "imported"},
    ),
    "bot_add": ({"tokens.add_bot"}, lambda bot, audience: bot_form("new-bot", audience)),
    "bot_change": ({"tokens.change_bot"}, lambda bot, audience: bot_form(bot.name, audience, existing=True)),
    "audience_add": ({"tokens.add_audience"}, lambda bot, audience: audience_form("https://new.example")),
    "audience_change": ({"tokens.change_audience"}, lambda bot, audience: audience_form(METADATA)),
}
# It tells and changes nothing: whoever may see the rule may try a token on it.
TELLS = {"credential_try", "bot_new_secret_made", "bot_new_token_made", "bot_use_of", "bot_people"}
# Whoever has the private half of a key makes tokens of every bot.
OF_SUPERUSERS = {"signingkey_import"}
STANDARD = {"add", "change", "delete", "history", "changelist"}
# The objects themselves are on these; the rest of Django's own pages change nothing here.
OF_AN_OBJECT = {"bot_new_secret", "bot_new_keys", "bot_new_federation", "bot_new_token", "bot_change"}


def bot_form(name, audience, *, existing=False):
    grant = Grant.objects.get() if existing else None
    return {
        "name": name,
        "description": "changed",
        "owner": "",
        "allowed_networks": "",
        "grants-TOTAL_FORMS": "1",
        "grants-INITIAL_FORMS": "1" if existing else "0",
        "grants-0-id": grant.pk if grant else "",
        "grants-0-bot": grant.bot_id if grant else "",
        "grants-0-audience": audience.pk,
        "grants-0-scopes": "metadata.read",
        "grants-0-roles": "",
    }


def audience_form(identifier):
    return {
        "identifier": identifier,
        "name": "Changed",
        "scopes": "metadata.read\nmetadata.write",
        "profile": "rfc9068",
        "signing_alg": "ES256",
        "token_lifetime": "60",
        "max_token_lifetime": "",
    }


def page_url(name, bot, audience):
    if name in OF_AN_OBJECT:
        return reverse(f"admin:tokens_{name}", args=[bot.pk])
    return reverse(f"admin:tokens_{name}", args=[audience.pk] if name == "audience_change" else [])


def test_the_table_of_pages_is_complete():
    found = {
        pattern.name.removeprefix("tokens_")
        for model_admin in ADMINS.values()
        for pattern in model_admin.get_urls()
        if pattern.name
    }
    standard = {f"{model}_{page}" for model in ADMINS for page in STANDARD}
    assert found - standard == {name for name in PAGES if name not in standard} | TELLS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_each_of_its_rights(bot, audience, name):
    needed, form = PAGES[name]
    address = page_url(name, bot, audience)
    lacking = [with_all_but(right, name=f"without-{right}") for right in needed]
    browser = with_exactly(*needed)
    if name in OF_SUPERUSERS:
        refused = with_all_but()
        User.objects.filter(username="exact").update(is_superuser=True)
    before = everything()
    if name in OF_SUPERUSERS:
        refused.post(address, form(bot, audience))
        assert everything() == before
    for each in lacking:
        assert each.post(address, form(bot, audience)).status_code == 403
        if not name.endswith("_change"):  # which shows what may not be changed
            assert each.get(address).status_code == 403
    assert browser.get(address).status_code == 200
    assert everything() == before
    assert browser.post(address, form(bot, audience)).status_code in (200, 302)
    assert everything() != before


def test_the_right_to_look_shows_one_table_and_no_other_and_nobody_deletes(token, oauth, bot):
    oauth.token((bot.name, "wrong"))
    first = {model: model_admin.model.objects.first() for model, model_admin in ADMINS.items()}
    assert all(first.values())
    lookers = {model: with_exactly(f"tokens.view_{model}", name=f"looks-at-{model}") for model in ADMINS}
    every = with_all_but()
    before = everything()
    for model, browser in lookers.items():
        for other, row in first.items():
            pages = url(other, "changelist"), url(other, "change", row.pk)
            expected = 200 if other == model else 403
            assert [browser.get(page).status_code for page in pages] == [expected] * 2, (model, other)
        assert browser.post(url(model, "change", first[model].pk), {"name": "x"}).status_code == 403
    for model, row in first.items():
        assert every.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        act(every, model, "delete_selected", row, post="yes")
        without = with_all_but(f"tokens.view_{model}", f"tokens.change_{model}", name=f"all-but-{model}")
        pages = url(model, "changelist"), url(model, "change", row.pk)
        assert [without.get(page).status_code for page in pages] == [403, 403]
        assert ADMINS[model].model.objects.filter(pk=row.pk).exists()
    after = everything()
    assert {name: rows for name, rows in after.items() if name != "eventlog.Event"} == {
        name: rows for name, rows in before.items() if name != "eventlog.Event"
    }


def test_a_token_is_tried_by_who_may_see_the_rule_and_by_nobody_else(bot, by):
    rule = add_federation(bot=bot, rule=RULE, jwks=Signer().jwks, jwks_uri=None, by=by)
    page = url("credential", "try", rule.pk)
    browsers = {
        with_exactly("tokens.view_credential", name="a"): 200,
        with_exactly("tokens.change_credential", name="b"): 200,
        with_all_but("tokens.view_credential", "tokens.change_credential", name="c"): 403,
    }
    before = everything()
    for browser, status in browsers.items():
        assert browser.post(page, {"token": "eyJ.eyJ.x"}).status_code == status
    assert everything() == before


def test_a_secret_is_not_tried_as_if_it_were_a_rule(secret):
    page = url("credential", "try", Credential.objects.get().pk)
    assert with_all_but().post(page, {"token": "eyJ.eyJ.x"}).status_code == 404


def test_who_may_look_at_a_bot_is_not_let_change_its_grants(bot, audience):
    browser, before = with_all_but("tokens.change_bot"), everything()
    form = {**bot_form(bot.name, audience, existing=True), "grants-0-DELETE": "on"}
    assert browser.post(url("bot", "change", bot.pk), form).status_code == 403
    assert everything() == before


def test_the_credentials_of_a_bot_are_told_on_its_page_to_who_may_see_credentials(bot, secret):
    page, told = url("bot", "change", bot.pk), url("credential", "change", Credential.objects.get().pk)
    seeing = with_exactly("tokens.view_bot", "tokens.view_credential", name="a")
    assert told in seeing.get(page).content.decode()
    for browser in (
        with_exactly("tokens.view_bot", name="b"),
        with_all_but("tokens.view_credential", "tokens.change_credential", name="c"),
    ):
        shown = browser.get(page).content.decode()
        assert bot.name in shown
        assert told not in shown
