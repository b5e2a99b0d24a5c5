"""A secret is rotated with the two rows before one's eyes: make a new one, watch the old one fall silent, retire it."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND, OAuth
from tokens_rights import everything, with_exactly

from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.keyless import set_public_keys
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Audience, Bot, Credential

pytestmark = pytest.mark.django_db
IN_ADMIN, AS_OWNER = "in the admin", "as the owner"
LOOKS = ("tokens.view_bot", "tokens.view_credential")


@pytest.fixture(params=[IN_ADMIN, AS_OWNER])
def door(request, people, bot):
    """A browser, where it sees the bot, and where it makes a secret."""
    Bot.objects.update(owner_named_at=people["alice"].date_joined)
    browser = Client()
    if request.param == AS_OWNER:
        browser.force_login(people["alice"], PASSWORD_BACKEND)
        return browser, f"/bots/{bot.name}", f"/bots/{bot.name}"
    browser.force_login(people["bob"], PASSWORD_BACKEND)
    return browser, change_page(bot), reverse("admin:tokens_bot_new_secret", args=[bot.pk])


@pytest.fixture
def old(bot, by):
    return add_client_secret(bot=bot, label="cron", retire_after_unused_days=45, by=by)


def change_page(bot):
    return reverse("admin:tokens_bot_change", args=[bot.pk])


def time_passes(**interval):
    """For the credentials; nobody's session ends meanwhile."""
    ago = timedelta(**interval)
    Credential.objects.update(created_at=F("created_at") - ago, last_used_at=F("last_used_at") - ago)


def panel(browser, page):
    """What the page says of a rotation; None where it says nothing."""
    body = browser.get(page).content.decode()
    found = re.search(r'<section class="\w+ rotation".*?</section>', body, re.DOTALL)
    return found and " ".join(html.unescape(re.sub("<[^>]*>", " ", found[0])).split())


def calls(bot, made):
    assert OAuth().token((bot.name, made[1])).status_code == 200


def test_with_one_secret_the_page_offers_the_first_step_and_no_panel(door, old):
    browser, page, makes = door
    assert panel(browser, page) is None
    assert f"?rotates={old[0].pk}" in browser.get(page).content.decode()
    form = browser.get(makes, {"rotates": old[0].pk}).content.decode()
    for field in ('name="label" value="cron"', 'name="retire_after_unused_days" value="45"'):
        assert field in form
    assert '<option value="90" selected>' in form


@pytest.mark.parametrize("which", ["another bot's", "a retired one", "keys", "no key\0", ""])
def test_what_is_no_live_secret_of_the_bot_is_not_rotated(door, bot, other_bot, old, by, which):
    browser, _, makes = door
    if which == "another bot's":
        which = add_client_secret(bot=other_bot, label="theirs", by=by)[0].pk
    elif which == "a retired one":
        retire_credential(credential=old[0], by=by)
        which = old[0].pk
    elif which == "keys":
        which = set_public_keys(bot=bot, jwks=None, jwks_uri="https://bot.example/jwks.json", by=by).pk
    assert browser.get(makes, {"rotates": which}).status_code == 404


def test_the_label_of_a_credential_is_for_who_may_view_those(bot, old):
    makes = reverse("admin:tokens_bot_new_secret", args=[bot.pk])
    browser = with_exactly("tokens.change_bot", "tokens.add_credential")
    assert "cron" not in browser.get(makes, {"rotates": old[0].pk}).content.decode()


def test_the_panel_tells_how_far_it_has_come_at_every_stage(door, bot, old, by):
    browser, page, _ = door
    calls(bot, old)
    new = add_client_secret(bot=bot, label="new", by=by)
    told = panel(browser, page)
    assert "waiting for the first call" in told
    assert "Wait: nothing has used the new one yet." in told
    calls(bot, new)
    time_passes(minutes=3)
    told = panel(browser, page)
    assert "The new one: last used 3 minutes ago, from 127.0.0.1" in told
    assert "last used 3 minutes ago, from 127.0.0.1. Wait: something may still use it." in told
    time_passes(hours=2)
    assert "silent for 2 hours, from 127.0.0.1. Retire it once every job has run" in panel(browser, page)
    time_passes(days=8)
    calls(bot, new)
    assert "silent for 8 days, from 127.0.0.1. It is safe to retire." in panel(browser, page)
    retire_credential(credential=old[0], by=by)
    assert panel(browser, page) is None


def test_an_old_one_that_nothing_has_used_is_said_to_be(door, bot, old, by):
    calls(bot, add_client_secret(bot=bot, label="new", by=by))
    assert "never used. Nothing has ever used it." in panel(*door[:2])


def test_keys_beside_a_secret_and_a_secret_that_has_ended_are_no_rotation(door, bot, old, by):
    set_public_keys(bot=bot, jwks=None, jwks_uri="https://bot.example/jwks.json", by=by)
    ended, _ = add_client_secret(bot=bot, by=by)
    Credential.objects.filter(pk=ended.pk).update(expires_at=timezone.now())
    assert panel(*door[:2]) is None


def test_no_secret_is_in_it(door, bot, old, by):
    new = add_client_secret(bot=bot, by=by)
    page = door[0].get(door[1]).content.decode()
    assert not [secret for _, secret in (old, new) if secret in page]


def test_the_panel_costs_no_statement(door, bot, old, by):
    browser, page, _ = door
    counts = []
    for _ in range(2):
        add_client_secret(bot=bot, by=by)
        with CaptureQueriesContext(connection) as asked:
            browser.get(page)
        counts.append(len(asked))
    retire = Credential.objects.exclude(pk=old[0].pk)
    retire.update(retired_at=timezone.now(), retired_by="test")
    with CaptureQueriesContext(connection) as asked:
        assert panel(browser, page) is None
    assert counts == [len(asked)] * 2


def test_the_admin_asks_before_it_retires_the_old_one(people, bot, old, by):
    new, _ = add_client_secret(bot=bot, by=by)
    browser = Client()
    browser.force_login(people["bob"], PASSWORD_BACKEND)
    body = browser.get(change_page(bot)).content.decode()
    [action] = re.findall(r'action="(/admin/tokens/credential/[^"]*)"', body)
    asked = {"action": "retire", "_selected_action": str(old[0].pk)}
    before = everything()
    assert "Are you sure?" in browser.post(action, asked).content.decode()
    assert everything() == before
    browser.post(action, {**asked, "confirmed": "yes"})
    assert list(Credential.objects.filter(retired_at=None)) == [new]


@pytest.mark.parametrize("door", [AS_OWNER], indirect=True)
def test_the_owners_page_asks_before_it_retires_or_revokes(door, bot, old, by):
    """In a part that opens: the button that does it is not among those which one sees."""
    add_client_secret(bot=bot, by=by)
    calls(bot, old)
    body = door[0].get(door[1]).content.decode()
    outside = re.sub(r"<details.*?</details>", "", body, flags=re.DOTALL)
    for deed in ("retire-secret", "revoke-token", "revoke-all"):
        assert f'value="{deed}"' in body
        assert f'value="{deed}"' not in outside


@pytest.mark.parametrize(
    ("rights", "shown"),
    [(("tokens.view_bot",), None), (LOOKS, False), ((*LOOKS, "tokens.change_credential"), True)],
)
def test_each_sees_as_much_of_it_as_he_may(bot, old, by, rights, shown):
    add_client_secret(bot=bot, by=by)
    browser = with_exactly(*rights)
    told = panel(browser, change_page(bot))
    assert (told is None) == (shown is None)
    body = browser.get(change_page(bot)).content.decode()
    assert ('name="_selected_action"' in body) == bool(shown)
    assert "rotates=" not in body  # he changes no bot


def test_whose_bot_administers_the_console_makes_no_secret_of_it(people, bot, old, audience, by):
    Bot.objects.update(owner_named_at=people["alice"].date_joined)
    console = Audience.objects.get(identifier__endswith="/api/v1")
    save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
    browser = Client()
    browser.force_login(people["alice"], PASSWORD_BACKEND)
    assert "rotates=" not in browser.get(f"/bots/{bot.name}").content.decode()
