"""A trace says at which door, to whom, from where and with what answer a request was refused."""

from datetime import timedelta

import pytest
from django.test import Client
from tokens_cast import METADATA, PASSWORD_BACKEND

from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Credential, TokenRefusal
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
FROM = "203.0.113.9"
HERE = {"REMOTE_ADDR": FROM}
BOTS = "/api/v1/bots"


@pytest.fixture
def bob(people):
    client = Client(**HERE)
    client.force_login(people["bob"], PASSWORD_BACKEND)
    return client


@pytest.fixture
def reader(bot, console, by):
    """What a token that only reads is shown by."""
    save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
    shown = issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)[1]
    return {"HTTP_AUTHORIZATION": f"Bearer {shown}"}


def traced(*names):
    return TokenRefusal.objects.values_list(*names).get()


def at_the_door():
    return traced("door", "endpoint", "status", "code", "answered", "actor", "address")


class ApiTests:
    @pytest.mark.parametrize(
        ("body", "status", "code", "received"),
        [
            ({"name": "ingestion-bot"}, 409, "bot_name_taken", "ingestion-bot"),
            ({"name": "x", "mistake": 1}, 400, "invalid", "mistake"),
            ({"name": "x", "allowed_networks": ["x"]}, 400, "network_invalid", "x"),
        ],
    )
    def test_an_administrator_is_told_by_name(self, bob, bot, body, status, code, received):
        bob.post(BOTS, body, content_type="application/json")
        assert at_the_door() == ("api", f"POST {BOTS}", status, code, code, "user:bob", FROM)
        assert traced("bot", "unverified_client_id", "received") == (None, "", received)

    def test_what_there_is_not_is_told_by_the_name_in_the_path(self, bob):
        bob.get(f"{BOTS}/nobody")
        assert at_the_door() == (
            *("api", f"GET {BOTS}/<name>", 404, "not_found", "not_found"),
            *("user:bob", FROM),
        )
        assert traced("received") == ("name nobody",)

    @pytest.mark.parametrize(
        ("path", "shown", "status", "code", "answered"),
        [
            (BOTS, {}, 401, "not_authenticated", "not_authenticated"),
            (BOTS, {"HTTP_AUTHORIZATION": "Bearer x"}, 401, "token_unreadable", "invalid_token"),
            (f"{BOTS}?access_token=x", {}, 400, "invalid_request", "invalid_request"),
        ],
    )
    def test_a_stranger_is_nobody_at_an_address(self, path, shown, status, code, answered):
        Client(**HERE).get(path, **shown)
        assert at_the_door() == ("api", f"GET {BOTS}", status, code, answered, "stranger", FROM)

    def test_a_stranger_with_a_token_in_the_url_stays_one(self, reader):
        Client(**HERE).get(f"{BOTS}?access_token=x", **reader)
        assert traced("actor", "bot", "unverified_client_id") == ("stranger", None, "")

    def test_a_bot_is_proven(self, bot, reader):
        Client(**HERE).post(BOTS, {"name": "x"}, content_type="application/json", **reader)
        code = "insufficient_scope"
        assert at_the_door() == ("api", f"POST {BOTS}", 403, code, code, "bot:ingestion-bot", FROM)
        assert traced("bot", "unverified_client_id", "expected") == (bot.pk, bot.name, "console.write")


class OAuthTests:
    @pytest.mark.parametrize("door", ["token", "introspect", "revoke"])
    def test_who_proves_nothing_is_a_stranger_with_a_name(self, oauth, bot, door):
        form = {"grant_type": "client_credentials", "token": "x"}
        oauth.post(f"/oauth/{door}", form, auth=(bot.name, "wrong"), **HERE)
        assert at_the_door() == (
            *(door, f"/oauth/{door}", 401, "credential_unknown", "invalid_client"),
            *("stranger", FROM),
        )
        assert traced("bot", "credential", "unverified_client_id") == (None, None, bot.name)

    def test_who_is_refused_after_that_is_proven_with_his_credential(self, oauth, bot, me):
        oauth.post("/oauth/token", {"grant_type": "client_credentials", "scope": "x"}, auth=me, **HERE)
        assert at_the_door() == (
            *("token", "/oauth/token", 400, "invalid_scope", "invalid_scope"),
            *("bot:ingestion-bot", FROM),
        )
        assert traced("bot", "credential") == (bot.pk, Credential.objects.get().pk)
        assert traced("unverified_client_id", "received") == (bot.name, "x")


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (f"{METADATA}/", True),
        (METADATA.replace("https:", "http:"), True),
        (METADATA.upper().replace("HTTPS", "https"), True),
        (f"{METADATA}:443", True),
        (f"{METADATA}:8443", False),
        ("https://another.example", False),
        (f"{METADATA}/api", False),
    ],
)
def test_an_audience_that_is_nearly_granted_is_named_to_the_administrator(oauth, me, asked, named):
    answer = oauth.token(me, resource=asked)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    kept = TokenRefusal.objects.get()
    assert (kept.code, kept.received) == ("not_granted", asked)
    assert kept.expected.startswith(METADATA) is named
    assert METADATA not in answer.json().get("error_description", "")
