"""
What makes a superuser is a superuser's to give, whichever service is called.

The pages of the admin refuse it too, each before its service; a page that forgets to must not be a way.
"""

import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.urls import reverse
from tokens_cast import state
from tokens_rights import with_all_but

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor, SuperuserRequired
from tokens.audiences import disable_audience, enable_audience, save_audience
from tokens.bots.services import GrantSpec, confirm_owner, disable_bot, enable_bot, save_bot
from tokens.credentials.keyless import add_federation, set_federation, set_public_keys
from tokens.credentials.services import add_client_secret
from tokens.keys.importing import import_signing_key
from tokens.models import Audience, Bot, SigningKey
from tokens.records.services import issue_token

MALLORY = Actor("user", "mallory", is_limited=True)
HOUR = timedelta(hours=1)
JWKS_URI = "https://bot.example/jwks.json"
RULE = {"issuer": "https://idp.example", "audience": "console", "subject": "team:nightly", "claims": {}}


@pytest.fixture
def ops(console, by):
    """A bot that administers this console; it waits for an owner whose account is younger than his name there."""
    bot = save_bot(bot=Bot(name="ops", owner="carol"), grants=[GrantSpec(console, ["console.write"])], by=by)
    User.objects.create(username="carol")
    return bot


def asleep(bot):
    disable_bot(bot=bot, by=Actor.command("test"))


def nothing(bot):
    pass


OF_A_BOT = {
    "saving it": (nothing, lambda bot, by: save_bot(bot=bot, grants=None, by=by)),
    "enabling it": (asleep, lambda bot, by: enable_bot(bot=bot, by=by)),
    "confirming its owner": (nothing, lambda bot, by: confirm_owner(bot=bot, by=by)),
    "a secret": (nothing, lambda bot, by: add_client_secret(bot=bot, by=by)),
    "keys": (nothing, lambda bot, by: set_public_keys(bot=bot, jwks=None, jwks_uri=JWKS_URI, by=by)),
    "rules": (nothing, lambda bot, by: set_federation(bot=bot, rules=[RULE], by=by)),
    "one rule more": (
        nothing,
        lambda bot, by: add_federation(bot=bot, rule=RULE, jwks=None, jwks_uri=None, by=by),
    ),
    "a token": (
        nothing,
        lambda bot, by: issue_token(
            bot=bot, audience=bot.grants.get().audience, scopes=None, lifetime=HOUR, by=by
        ),
    ),
}


@pytest.mark.parametrize("what", OF_A_BOT)
def test_a_bot_that_administers_the_console_is_given_nothing_by_anybody_else(ops, bot, by, what):
    prepare, give = OF_A_BOT[what]
    prepare(ops)
    before = state()
    with pytest.raises(SuperuserRequired):
        give(ops, MALLORY)
    assert state() == before
    give(ops, by)


@pytest.mark.parametrize("what", OF_A_BOT)
def test_of_any_other_bot_it_is_not_refused(bot, what):
    prepare, give = OF_A_BOT[what]
    prepare(bot)
    give(bot, MALLORY)


def test_nor_is_the_grant_by_which_a_bot_would_administer(bot, console, by):
    before = state()
    with pytest.raises(SuperuserRequired):
        save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=MALLORY)
    assert state() == before


def test_the_consoles_own_audience_is_changed_and_enabled_by_nobody_else(console, audience, by):
    console.scopes = [*console.scopes, "console.more"]
    with pytest.raises(SuperuserRequired):
        save_audience(audience=console, by=MALLORY)
    audience.identifier = console.identifier + "/renamed"
    save_audience(audience=audience, by=MALLORY)
    console.refresh_from_db()
    console.identifier = "https://elsewhere.example"
    with pytest.raises(SuperuserRequired):
        save_audience(audience=console, by=MALLORY)
    console.refresh_from_db()
    disable_audience(audience=console, by=MALLORY)
    with pytest.raises(SuperuserRequired):
        enable_audience(audience=console, by=MALLORY)
    assert Audience.objects.get(pk=console.pk).disabled_at is not None
    assert enable_audience(audience=console, by=by)


@pytest.mark.parametrize("made", ["anew", "of another"])
def test_nor_is_one_made_where_the_console_has_none(console, audience, by, made):
    """As after a change of its address: whoever makes it decides what a token for the API has to say."""
    identifier = console.identifier
    console.identifier = "https://before.example/api/v1"
    save_audience(audience=console, by=by)
    wanted = Audience(name="Own", scopes=["console.write"]) if made == "anew" else audience
    wanted.identifier = identifier
    with pytest.raises(SuperuserRequired):
        save_audience(audience=wanted, by=MALLORY)
    assert not Audience.objects.filter(identifier=identifier).exists()
    save_audience(audience=wanted, by=by)


@pytest.mark.parametrize("sign", [True, False])
def test_a_signing_key_is_brought_in_by_nobody_else(console, by, sign):
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(SuperuserRequired):
        import_signing_key(raw=raw, kid="theirs", sign=sign, by=MALLORY)
    assert not SigningKey.objects.filter(kid="theirs").exists()
    import_signing_key(raw=raw, kid="theirs", sign=sign, by=by)


def test_grants_there_are_offered_to_nobody_else(bob, audience, console):
    for browser, offered in ((bob, {audience.pk, console.pk}), (with_all_but(), {audience.pk})):
        page = browser.get(reverse("admin:tokens_bot_add")).content.decode()
        [choices] = re.findall(r'<select name="grants-__prefix__-audience".*?</select>', page, re.DOTALL)
        assert {int(pk) for pk in re.findall(r'<option value="(\d+)"', choices)} == offered


def test_its_pages_are_offered_to_nobody_else(ops, console):
    """Whoever holds every right but is no superuser looks at the bot and the audience, and finds no form."""
    browser = with_all_but()
    for model, row in (("bot", ops), ("audience", console)):
        page = browser.get(reverse(f"admin:tokens_{model}_change", args=[row.pk]))
        assert (page.status_code, 'name="_save"' in page.content.decode()) == (200, False)
    for page in ("secret", "keys", "federation", "token"):
        assert browser.get(reverse(f"admin:tokens_bot_new_{page}", args=[ops.pk])).status_code == 403


def test_the_pages_of_another_bot_are(bot, audience):
    browser = with_all_but()
    for model, row in (("bot", bot), ("audience", audience)):
        page = browser.get(reverse(f"admin:tokens_{model}_change", args=[row.pk]))
        assert (page.status_code, 'name="_save"' in page.content.decode()) == (200, True)
    for page in ("secret", "keys", "federation", "token"):
        assert browser.get(reverse(f"admin:tokens_bot_new_{page}", args=[bot.pk])).status_code == 200
