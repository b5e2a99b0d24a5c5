"""
Each thing that ends a token, alone, at each door where tokens are looked at.

The doors are introspection, the REST API (the token is one for the console itself) and the status list. The list has
been read before each cause, so that a copy which the console keeps would be noticed.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient
from tokens_cast import METADATA, PASSWORD_BACKEND, OAuth, status_bit

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.support.databases import go_by_what_was_done
from tokens.bots.services import GrantSpec, enable_bot, save_bot
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.errors import BotRetired
from tokens.models import Audience, Bot, Credential, SigningKey, TokenRecord
from tokens.records.revocation import (
    revoke_tokens_of_audience,
    revoke_tokens_of_bot,
    revoke_tokens_of_credential,
)


@dataclass
class Scene:
    """One live token of Alice's bot for the console, Bob in his browser, and an API that watches."""

    oauth: OAuth
    me: tuple[str, str]
    watcher: tuple[str, str]
    token: str
    admin: Client
    api: APIClient

    @property
    def record(self):
        return TokenRecord.objects.get()

    @property
    def bot(self):
        return Bot.objects.get(name="ingestion-bot")

    @property
    def credential(self):
        return Credential.objects.get(bot=self.bot)

    @property
    def audience(self):
        return self.record.audience

    @property
    def key(self):
        return self.record.signing_key

    def act(self, model, action, row):
        """An action on a list in the admin, confirmed."""
        data = {"action": action, "_selected_action": [row.pk], "confirmed": "yes"}
        assert self.admin.post(reverse(f"admin:tokens_{model}_changelist"), data).status_code == 302

    def call(self, method, path, data=None):
        """The REST API, by Bob."""
        answer = getattr(self.api, method)(f"/api/v1{path}", data)
        assert answer.status_code < 300, answer.content

    def doors(self):
        """What each door says of the token: does it count?"""
        read = Client().get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {self.token}")
        assert read.status_code in (200, 401)
        return {
            "introspection": self.oauth.introspect(self.token, self.watcher).json()["active"],
            "api": read.status_code == 200,
            "status list": status_bit(self.oauth.http, self.token) == 0,
        }


@pytest.fixture
def scene(oauth, bot, other_bot, console, people, bob, by):
    save_bot(bot=bot, grants=[GrantSpec(console, ["console.read", "console.write"])], by=by)
    save_bot(bot=other_bot, grants=[GrantSpec(console, [], ["resource_server"])], by=by)
    me = (bot.name, add_client_secret(bot=bot, by=by)[1])
    watcher = (other_bot.name, add_client_secret(bot=other_bot, by=by)[1])
    token = oauth.token(me).json()["access_token"]
    admin = Client()
    admin.force_login(people["bob"], PASSWORD_BACKEND)
    return Scene(oauth, me, watcher, token, admin, bob)


EVERYWHERE = {"introspection": True, "api": True, "status list": True}
NOWHERE = dict.fromkeys(EVERYWHERE, False)


def disable_owner(scene, *, active=False):
    alice = User.objects.get(username="alice@corp.example")
    alice.is_active = active
    alice.save()


def disable_owner_in_admin(scene):
    alice = User.objects.get(username="alice@corp.example")
    page = reverse("admin:accounts_user_change", args=[alice.pk])
    form = scene.admin.get(page).context["adminform"].form
    data = {name: form.initial.get(name) for name in form.fields}
    data = {name: value for name, value in data.items() if value and name != "is_active"}
    assert scene.admin.post(page, data).status_code == 302
    assert not User.objects.get(pk=alice.pk).is_active


def give_to_somebody_disabled(scene):
    User.objects.create_user("gone@corp.example", is_active=False)
    scene.call("patch", "/bots/ingestion-bot", {"owner": "GONE@corp.example"})


def narrow(scene):
    grants = [{"audience": scene.audience.identifier, "scopes": ["console.read"], "roles": []}]
    scene.call("patch", "/bots/ingestion-bot", {"grants": grants})


def let_key_go(scene):
    SigningKey.objects.filter(pk=scene.key.pk).update(verify_until=timezone.now())
    cache.clear()  # time has passed, and nothing has happened: what is kept is kept for seconds


REVOCATIONS = {
    "revoked by API": lambda scene: scene.call("delete", f"/tokens/{scene.record.jti}"),
    "revoked in admin": lambda scene: scene.act("tokenrecord", "revoke", scene.record),
    "revoked by its bot": lambda scene: scene.oauth.revoke(scene.token, scene.me),
    "revoked by command": lambda scene: call_command("revoke_token", scene.record.jti),
    "all of its bot, by API": lambda scene: scene.call("post", "/bots/ingestion-bot/revoke-tokens"),
    "all of its bot, in admin": lambda scene: scene.act("bot", "revoke_tokens", scene.bot),
    "all of its bot, by command": lambda scene: call_command("revoke_tokens", bot="ingestion-bot"),
    "all of its secret, by API": lambda scene: scene.call(
        "post", f"/bots/ingestion-bot/secrets/{scene.credential.pk}/revoke-tokens"
    ),
    "all of its secret, in admin": lambda scene: scene.act("credential", "revoke_tokens", scene.credential),
    "all of its secret, by command": lambda scene: call_command(
        "revoke_tokens", credential=scene.credential.pk
    ),
    "all of its audience, in admin": lambda scene: scene.act("audience", "revoke_tokens", scene.audience),
    "all of its audience, by command": lambda scene: call_command(
        "revoke_tokens", audience=scene.audience.identifier
    ),
    "grant narrowed": narrow,
}
FOR_GOOD = {
    "key compromised, by API": lambda scene: scene.call(
        "post", "/signing-keys/rotate", {"compromised": scene.key.kid}
    ),
    "key compromised, in admin": lambda scene: scene.act("signingkey", "compromise", scene.key),
    "key compromised, by command": lambda scene: call_command(
        "rotate_signing_key", compromised=scene.key.kid
    ),
    "key gone": let_key_go,
    "bot retired, by API": lambda scene: scene.call("delete", "/bots/ingestion-bot"),
    "bot retired, in admin": lambda scene: scene.act("bot", "retire", scene.bot),
}
AUDIENCE = "/audiences/http%3A%2F%2Flocalhost%3A8000%2Fapi%2Fv1"
FOR_A_WHILE = {
    "bot disabled, by API": (
        lambda scene: scene.call("patch", "/bots/ingestion-bot", {"disabled": True}),
        lambda scene: scene.call("patch", "/bots/ingestion-bot", {"disabled": False}),
    ),
    "bot disabled, in admin": (
        lambda scene: scene.act("bot", "disable", scene.bot),
        lambda scene: scene.act("bot", "enable", scene.bot),
    ),
    "audience withdrawn, by API": (
        lambda scene: scene.call("patch", AUDIENCE, {"disabled": True}),
        lambda scene: scene.call("patch", AUDIENCE, {"disabled": False}),
    ),
    "audience withdrawn, in admin": (
        lambda scene: scene.act("audience", "disable", scene.audience),
        lambda scene: scene.act("audience", "enable", scene.audience),
    ),
    "owner disabled": (disable_owner, lambda scene: disable_owner(scene, active=True)),
    "owner disabled, in admin": (
        disable_owner_in_admin,
        lambda scene: disable_owner(scene, active=True),
    ),
    "given to an owner who is disabled": (
        give_to_somebody_disabled,
        lambda scene: scene.call("patch", "/bots/ingestion-bot", {"owner": ""}),
    ),
}
CAUSES = {**REVOCATIONS, **FOR_GOOD, **{name: end for name, (end, _) in FOR_A_WHILE.items()}}


@pytest.fixture
def happens(django_capture_on_commit_callbacks):
    """Do something, and what follows once it is committed."""

    def happen(deed, scene):
        with django_capture_on_commit_callbacks(execute=True):
            deed(scene)

    return happen


@pytest.mark.parametrize("cause", CAUSES)
def test_it_ends_at_every_door_at_once(scene, happens, cause):
    assert scene.doors() == EVERYWHERE
    happens(CAUSES[cause], scene)
    assert scene.doors() == NOWHERE


@pytest.mark.parametrize("cause", FOR_A_WHILE)
def test_undoing_brings_it_back_at_every_door_at_once(scene, happens, cause):
    end, undo = FOR_A_WHILE[cause]
    happens(end, scene)
    assert scene.doors() == NOWHERE
    happens(undo, scene)
    assert scene.doors() == EVERYWHERE


OF_EACH_KIND = [
    "revoked by API",
    "all of its bot, by API",
    "all of its secret, by API",
    "all of its audience, by command",
    "grant narrowed",
]


@pytest.mark.parametrize("cause", OF_EACH_KIND)
def test_nothing_brings_back_what_is_revoked(scene, happens, cause):
    happens(CAUSES[cause], scene)
    for end, undo in FOR_A_WHILE.values():
        happens(end, scene)
        happens(undo, scene)
    assert scene.doors() == NOWHERE


def test_a_retired_bot_does_not_come_back(scene, happens, by):
    happens(CAUSES["bot retired, by API"], scene)
    with pytest.raises(BotRetired):
        enable_bot(bot=scene.bot, by=by)
    assert scene.doors() == NOWHERE


def test_a_token_past_its_end_counts_nowhere_and_needs_no_bit(scene):
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert scene.doors() == {**NOWHERE, "status list": True}


def test_the_bit_of_a_revoked_token_outlives_the_token(scene, happens):
    """An API whose clock is behind must not see it come back in its last minutes."""
    happens(CAUSES["revoked by API"], scene)
    for hours, counts in ((2, False), (24, False), (26, True)):
        with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
            cache.clear()
            assert scene.doors() == {**NOWHERE, "status list": counts}


NOT_A_CAUSE = {
    "its secret retired": lambda scene, by: retire_credential(credential=scene.credential, by=by),
    "its key retired": lambda scene, by: call_command("rotate_signing_key"),
    "an owner whom nobody knows": lambda scene, by: Bot.objects.update(owner="nobody@corp.example"),
    "no owner": lambda scene, by: Bot.objects.update(owner=""),
    "another person disabled": lambda scene, by: User.objects.filter(username="mallory").update(
        is_active=False
    ),
    "a person without a name disabled": lambda scene, by: (
        Bot.objects.update(owner=""),
        User.objects.filter(username="mallory").update(username="", is_active=False),
    )[0],
    "a break-glass owner past his time": lambda scene, by: User.objects.filter(
        username="alice@corp.example"
    ).update(expires_at=timezone.now() - timedelta(days=1)),
    "another bot's tokens revoked": lambda scene, by: revoke_tokens_of_bot(
        bot=Bot.objects.get(name="other-bot"), by=by
    ),
    "another secret's tokens revoked": lambda scene, by: revoke_tokens_of_credential(
        credential=add_client_secret(bot=scene.bot, by=by)[0], by=by
    ),
    "another audience's tokens revoked": lambda scene, by: revoke_tokens_of_audience(
        audience=Audience.objects.get(identifier=METADATA), by=by
    ),
}


@pytest.mark.parametrize("deed", NOT_A_CAUSE)
def test_what_ends_nothing_ends_nothing(scene, by, deed):
    NOT_A_CAUSE[deed](scene, by)
    cache.clear()
    assert scene.doors() == EVERYWHERE


def test_a_bot_whose_owner_is_disabled_gets_no_token(scene):
    disable_owner(scene)
    answer = scene.oauth.token(scene.me)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert TokenRecord.objects.count() == 1
    disable_owner(scene, active=True)
    assert scene.oauth.token(scene.me).status_code == 200


def test_a_bot_does_not_come_back_with_the_deletion_of_its_owner_who_is_disabled(scene, happens, by):
    Bot.objects.filter(pk=scene.bot.pk).update(owner="ALICE@corp.example")
    happens(disable_owner_in_admin, scene)
    alice = User.objects.get(username="alice@corp.example")
    gone = reverse("admin:accounts_user_delete", args=[alice.pk])
    happens(lambda scene: scene.admin.post(gone, {"post": "yes"}), scene)
    assert not User.objects.filter(pk=alice.pk).exists()
    assert scene.doors() == NOWHERE
    assert scene.oauth.token(scene.me).status_code == 401
    assert Event.objects.get(action="bot_disabled").actor == "deletion:alice@corp.example"
    happens(lambda scene: enable_bot(bot=scene.bot, by=by), scene)
    assert scene.doors() == EVERYWHERE


def test_the_bots_of_a_person_who_is_deleted_and_not_disabled_go_on(scene, happens):
    happens(lambda scene: User.objects.get(username="alice@corp.example").delete(), scene)
    assert scene.doors() == EVERYWHERE


def test_revoking_for_a_secret_leaves_what_others_fetched(scene, happens, by):
    other = (scene.bot.name, add_client_secret(bot=scene.bot, by=by)[1])
    token = scene.oauth.token(other).json()["access_token"]
    first = Credential.objects.filter(bot=scene.bot).earliest("created_at")
    happens(lambda scene: revoke_tokens_of_credential(credential=first, by=by), scene)
    assert [status_bit(scene.oauth.http, one) for one in (scene.token, token)] == [1, 0]


def test_revoking_counts_what_it_ended_and_no_more(scene, by):
    assert revoke_tokens_of_credential(credential=scene.credential, by=by) == 1
    assert revoke_tokens_of_credential(credential=scene.credential, by=by) == 0
    assert revoke_tokens_of_audience(audience=scene.audience, by=by) == 0
    assert scene.record.revoked_by == "user:bob"


@pytest.mark.parametrize(
    "whose", [{"bot": "nobody"}, {"credential": UUID(int=0)}, {"audience": "https://nobody.example"}]
)
def test_the_command_says_when_there_is_no_such_thing(scene, whose):
    with pytest.raises(CommandError, match=r"There is no (bot|credential|audience) of that"):
        call_command("revoke_tokens", **whose)
    assert scene.doors() == EVERYWHERE


def statements(captured):
    return [one["sql"] for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_introspection_takes_one_statement(scene):
    """For who asks as well, once this process has met him."""
    go_by_what_was_done()
    scene.doors()
    scene.oauth.introspect(scene.token, scene.me)
    with CaptureQueriesContext(connection) as captured:
        scene.oauth.introspect(scene.token, scene.watcher)
    assert len(statements(captured)) == 1, statements(captured)
    with CaptureQueriesContext(connection) as captured:
        scene.oauth.introspect(scene.token, scene.me)
    assert len(statements(captured)) == 1, statements(captured)
