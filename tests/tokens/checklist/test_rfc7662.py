"""RFC 7662 line by line; the tables of forged and ended tokens are in test_introspection.py."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tokens_cast import claims_in

from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Bot, TokenRecord
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
INACTIVE = {"active": False}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_7662_1_it_is_a_form_by_post_and_never_a_url(oauth, me, token, method):
    assert oauth.http.generic(method, "/oauth/introspect").status_code == 405
    assert oauth.post(f"/oauth/introspect?token={token}", {"token": token}, auth=me).status_code == 400


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_7662_1_a_hint_changes_nothing(oauth, me, token, hint):
    assert oauth.introspect(token, me, token_type_hint=hint).json()["active"] is True


def test_7662_1_a_token_is_required(oauth, me):
    assert oauth.post("/oauth/introspect", "", auth=me).json()["error"] == "invalid_request"


@pytest.mark.parametrize("auth", [None, ("ingestion-bot", "wrong"), ("nobody", "x"), "Bearer x", "Bearer "])
def test_7662_2_strangers_are_401(oauth, token, auth):
    answer = oauth.introspect(token, auth)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]
    assert "active" not in answer.json()


def test_7662_2_a_bearer_with_too_little_privilege_is_401(oauth, token, console, by):
    bot = save_bot(bot=Bot(name="console-bot"), grants=[GrantSpec(console, [])], by=by)
    hour = timedelta(hours=1)
    _, bearer = issue_token(bot=bot, audience=console, scopes=None, lifetime=hour, by=by)
    assert oauth.introspect(token, f"Bearer {bearer}").status_code == 401


def test_7662_3_a_token_that_is_not_for_the_caller_is_inactive(oauth, token, other_bot, other_secret):
    assert oauth.introspect(token, (other_bot.name, other_secret)).json() == INACTIVE


@pytest.mark.parametrize("text", ["nonsense", "a.b.c", "é", "\t", "a" * 30_000])
def test_7662_4_garbage_is_inactive_and_nothing_more_is_said(oauth, me, text):
    answer = oauth.introspect(text, me)
    assert (answer.status_code, answer.json()) == (200, INACTIVE)


def test_7662_4_7662_5_expired_and_revoked_are_inactive_and_nothing_more_is_said(oauth, me, token, by):
    record = TokenRecord.objects.get()
    with time_machine.travel(record.expires_at, tick=False):
        assert oauth.introspect(token, me).json() == INACTIVE
    revoke_token(record=record, by=by)
    assert oauth.introspect(token, me).json() == INACTIVE


def test_7662_6_the_members_are_those_of_the_jwt(oauth, me, token):
    seen = oauth.introspect(token, me).json()
    claims = claims_in(token)
    assert seen.pop("active") is True
    assert seen.pop("token_type") == "Bearer"
    assert seen == {name: claims[name] for name in claims if name not in ("roles", "status")}
    assert {name: type(seen[name]) for name in ("exp", "iat", "scope")} == {
        "exp": int,
        "iat": int,
        "scope": str,
    }


@pytest.mark.parametrize("live", [True, False])
def test_7662_7_no_cache_keeps_an_answer(oauth, me, token, live):
    assert oauth.introspect(token if live else "x", me)["Cache-Control"] == "no-store"


def test_7662_8_unknown_and_revoked_cost_and_say_the_same(oauth, me, token, by):
    oauth.introspect(token, me)
    revoke_token(record=TokenRecord.objects.get(), by=by)
    answers, counts = set(), set()
    for text in (token, "nonsense"):
        with CaptureQueriesContext(connection) as captured:
            answers.add(oauth.introspect(text, me).content)
        counts.add(len(captured))
    assert len(answers) == len(counts) == 1


def test_7662_8_claims_that_are_nobodys_business_are_not_given(oauth, me, token):
    assert not {"roles", "status", "label", "owner", "issued_by"} & set(oauth.introspect(token, me).json())


def test_7662_9_a_signed_answer_is_not_offered_and_asking_for_one_does_no_harm(oauth, me, token):
    accept = {"HTTP_ACCEPT": "application/token-introspection+jwt"}
    answer = oauth.post("/oauth/introspect", {"token": token}, auth=me, **accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    metadata = oauth.http.get("/.well-known/oauth-authorization-server").json()
    assert not [name for name in metadata if name.startswith("introspection_signing")]
