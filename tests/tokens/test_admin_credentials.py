"""Django admin: a bot's keys and federation rules are registered, its credentials told apart, tokens tried."""

import json
import time
from datetime import timedelta

import pytest
import time_machine
from assertions import Signer, by_assertion
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND, state

from ssoconsole.platform.accounts.models import User
from tests.support.leaks import assert_without
from tokens.credentials.keyless import add_federation, set_public_keys
from tokens.credentials.services import add_client_secret
from tokens.errors import KeysRefused, RuleInvalid
from tokens.models import Bot, Credential

ISSUER = "https://ci.example"
RULE = {"issuer": ISSUER, "audience": "https://console.example", "subject": "repo:acme/infra:*"}


def browser_of(user):
    browser = Client()
    browser.force_login(user, PASSWORD_BACKEND)
    return browser


@pytest.fixture
def admin(people):
    return browser_of(people["bob"])


@pytest.fixture
def viewer(db):
    user = User.objects.create_user("victor", is_staff=True)
    names = ["view_bot", "view_credential"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return browser_of(user)


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture
def rule(bot, signer, by):
    return add_federation(bot=bot, rule={**RULE, "claims": {}}, jwks=signer.jwks, jwks_uri=None, by=by)


def page(name, *arguments):
    return reverse(f"admin:tokens_{name}", args=arguments)


class KeysPageTests:
    def test_bob_registers_keys(self, admin, oauth, bot, signer):
        url = page("bot_new_keys", bot.pk)
        assert admin.get(url).status_code == 200
        written = "\N{BYTE ORDER MARK}" + json.dumps(signer.jwks)  # as Windows copies a file
        answer = admin.post(url, {"jwks": written}, follow=True)
        assert "Keys of ingestion-bot: registered." in answer.content.decode()
        assert "public keys" in answer.content.decode()
        assert oauth.token(**by_assertion(signer.assertion(bot.name))).status_code == 200

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"jwks": "nonsense"},
            {"jwks": "[]"},
            {"jwks": "[" * 100_000},
            {"jwks": '{"keys": []}'},
            {"jwks": '{"keys": [], "x": NaN}'},
            {"jwks": '{"keys": [], "x": "\\u0000"}'},
            {"jwks": '{"keys": [], "x": "\\ud800"}'},
            {"jwks_uri": "ftp://x.example"},
            {"jwks": '{"keys": []}', "jwks_uri": "https://x.example"},
        ],
        ids=lambda data: str(data)[:40],
    )
    def test_what_makes_no_sense_is_told_on_the_page(self, admin, bot, data):
        before = state()
        answer = admin.post(page("bot_new_keys", bot.pk), data)
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        assert state() == before


class FederationPageTests:
    def test_bob_lets_a_workload_in(self, admin, bot):
        url = page("bot_new_federation", bot.pk)
        assert admin.get(url).status_code == 200
        claims = "environment=production\n ref = refs/heads/main "
        assert admin.post(url, {**RULE, "claims": claims}).status_code == 302
        assert Credential.objects.get().trust == {
            **RULE,
            "claims": {"environment": "production", "ref": "refs/heads/main"},
        }

    @pytest.mark.parametrize(
        "changes",
        [
            {"issuer": ""},
            {"issuer": "x"},
            {"audience": ""},
            {"subject": "repo:*"},
            {"claims": "environment"},
            {"claims": "a=1\na=2"},
            {"claims": "=x"},
            {"jwks": "{}"},
            {"jwks_uri": "x"},
        ],
        ids=str,
    )
    def test_what_makes_no_sense_is_told_on_the_page(self, admin, bot, changes):
        before = state()
        answer = admin.post(page("bot_new_federation", bot.pk), {**RULE, **changes})
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        assert state() == before


class TrialPageTests:
    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": "repo:acme/infra:x", "aud": RULE["audience"], "exp": now + 60}
        return {**claims, **changes}

    def test_a_token_that_fits_is_said_to(self, admin, rule, signer):
        url = page("credential_try", rule.pk)
        assert url in admin.get(page("credential_change", rule.pk)).content.decode()
        assert admin.get(url).status_code == 200
        token = signer.sign(self.claims())
        before = state()
        answer = admin.post(url, {"token": f" {token}\n"})
        assert "This token is let in." in answer.content.decode()
        assert_without(answer.content.decode(), token)
        assert "no-store" in answer["Cache-Control"]
        assert state() == before

    def test_a_token_that_does_not_fit_is_told_why(self, viewer, rule, signer):
        token = signer.sign(self.claims(sub="repo:<b>evil</b>/x:y"))
        text = viewer.post(page("credential_try", rule.pk), {"token": token}).content.decode()
        assert "This token is not let in." in text
        assert "repo:acme/infra:*" in text
        assert "repo:&lt;b&gt;evil&lt;/b&gt;/x:y" in text

    def test_nothing_pasted_is_nothing_tried(self, admin, rule):
        text = admin.post(page("credential_try", rule.pk), {"token": ""}).content.decode()
        assert "let in." not in text

    def test_a_secret_is_no_rule(self, admin, bot, by):
        credential, _ = add_client_secret(bot=bot, by=by)
        assert admin.get(page("credential_try", credential.pk)).status_code == 404

    def test_who_may_not_see_the_rule_may_not_try(self, db, rule):
        stranger = browser_of(User.objects.create_user("stan", is_staff=True))
        assert stranger.get(page("credential_try", rule.pk)).status_code == 403


@pytest.mark.parametrize("missing", ["change_bot", "add_credential"])
@pytest.mark.parametrize("name", ["bot_new_keys", "bot_new_federation"])
def test_whoever_lacks_one_of_the_two_rights_registers_nothing(viewer, bot, signer, name, missing):
    """And with both it is done, so that nothing else has refused it."""
    victor = User.objects.get(username="victor")
    victor.user_permissions.set(Permission.objects.exclude(codename=missing))
    forms = {"bot_new_keys": {"jwks": json.dumps({"keys": [signer.jwk]})}, "bot_new_federation": RULE}
    before = state()
    for answer in (viewer.get(page(name, bot.pk)), viewer.post(page(name, bot.pk), forms[name])):
        assert answer.status_code == 403
    assert state() == before
    victor.user_permissions.set(Permission.objects.filter(codename__in=["change_bot", "add_credential"]))
    assert viewer.post(page(name, bot.pk), forms[name]).status_code == 302
    assert bot.credentials.count() == 1


def test_the_page_of_a_bot_tells_which_credential_can_go(admin, viewer, oauth, bot, by):
    _, old = add_client_secret(bot=bot, label="old", by=by)
    _, new = add_client_secret(bot=bot, label="new", by=by, retire_after_unused_days=30)
    oauth.token((bot.name, old))
    with time_machine.travel(timezone.now() + timedelta(days=9), tick=False):
        oauth.token((bot.name, new))
        viewer = browser_of(User.objects.get(username="victor"))
        text = viewer.get(page("bot_change", bot.pk)).content.decode()
        assert "Last used 9 days ago, and the bot has used another since: safe to retire." in text
        assert "after 30 days unused" in text
        credential = Credential.objects.get(label="old")
        text = viewer.get(page("credential_change", credential.pk)).content.decode()
        assert "safe to retire" in text
    assert admin.get(page("bot_add")).status_code == 200


def test_how_many_tokens_it_may_hold_is_set_on_its_page(admin, bot):
    form = {
        "name": bot.name,
        "description": "",
        "owner": bot.owner,
        "allowed_networks": "",
        "grants-TOTAL_FORMS": "0",
        "grants-INITIAL_FORMS": "0",
    }
    assert admin.post(page("bot_change", bot.pk), {**form, "max_live_tokens": "7"}).status_code == 302
    assert Bot.objects.get(pk=bot.pk).max_live_tokens == 7
    assert admin.post(page("bot_change", bot.pk), {**form, "max_live_tokens": ""}).status_code == 302
    assert Bot.objects.get(pk=bot.pk).max_live_tokens == 7


def test_text_that_no_database_keeps_is_refused(bot, signer, by):
    for text in ("a\0b", "a\ud800b"):
        with pytest.raises(RuleInvalid):
            add_federation(bot=bot, rule={**RULE, "subject": text}, jwks=None, jwks_uri=None, by=by)
        with pytest.raises(RuleInvalid):
            add_federation(bot=bot, rule={**RULE, "claims": {text: "x"}}, jwks=None, jwks_uri=None, by=by)
        with pytest.raises(KeysRefused):
            set_public_keys(bot=bot, jwks={**signer.jwks, "note": text}, jwks_uri=None, by=by)
    assert not Credential.objects.exists()
