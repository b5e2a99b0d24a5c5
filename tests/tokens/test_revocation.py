"""POST /oauth/revoke ends the caller's own tokens, at once and for good (RFC 7009)."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tokens_cast import basic

from ssoconsole.platform.eventlog.models import Event
from tokens.models import TokenRecord
from tokens.records.revocation import revoke_token


def is_live(oauth, token, me):
    return oauth.introspect(token, me).json()["active"]


def test_a_revoked_token_is_dead_at_once(oauth, me, token):
    answer = oauth.revoke(token, me)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Cache-Control"] == "no-store"
    assert not is_live(oauth, token, me)
    record = TokenRecord.objects.get()
    assert record.revoked_by == "bot:ingestion-bot"
    assert Event.objects.filter(action="token_revoked").count() == 1


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", ""])
def test_a_hint_changes_nothing(oauth, me, token, hint):
    assert oauth.revoke(token, me, token_type_hint=hint).status_code == 200
    assert not is_live(oauth, token, me)


def test_revoking_again_changes_nothing(oauth, me, token, by):
    oauth.revoke(token, me)
    before = TokenRecord.objects.values().get()
    assert oauth.revoke(token, me).status_code == 200
    assert revoke_token(record=TokenRecord.objects.get(), by=by) is False
    assert TokenRecord.objects.values().get() == before
    assert Event.objects.filter(action="token_revoked").count() == 1


@pytest.mark.parametrize("text", ["nonsense", "a.b.c", "é", "a" * 40_000])
def test_what_is_no_token_of_ours_is_200(oauth, me, token, text):
    assert oauth.revoke(text, me).status_code == 200
    assert is_live(oauth, token, me)


def test_an_expired_token_is_200(oauth, me, token):
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        assert oauth.revoke(token, me).status_code == 200


def test_a_token_of_another_bot_stays_what_it_was(oauth, me, token, other_bot, other_secret):
    assert oauth.revoke(token, (other_bot.name, other_secret)).status_code == 200
    assert is_live(oauth, token, me)
    assert TokenRecord.objects.get().revoked_at is None


def test_a_jti_alone_revokes_nothing(oauth, me, token):
    header, payload, signature = token.split(".")
    oauth.revoke(f"{header}.{payload}.{'A' * len(signature)}", me)
    assert is_live(oauth, token, me)


@pytest.mark.parametrize("auth", [None, ("ingestion-bot", "wrong"), "Bearer x"])
def test_strangers_revoke_nothing(oauth, me, token, auth):
    answer = oauth.revoke(token, auth)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert is_live(oauth, token, me)


def test_a_token_must_be_given(oauth, me):
    answer = oauth.post("/oauth/revoke", "token=", auth=basic(*me))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "where",
    [
        "ssoconsole.platform.connections.prepared.Statement.rows",
        "ssoconsole.platform.connections.prepared.Pair.rows",
    ],
)
def test_a_database_that_fails_half_way_is_503_and_never_200(oauth, me, token, monkeypatch, where):
    oauth.introspect(token, me)

    def away(*args, **kwargs):
        raise OperationalError("disk full")

    monkeypatch.setattr(where, away)
    answer = oauth.revoke(token, me)
    monkeypatch.undo()
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert is_live(oauth, token, me)


def test_revoking_takes_few_statements(oauth, me, token):
    with CaptureQueriesContext(connection) as captured:
        oauth.revoke(token, me)
    counted = [q["sql"] for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(counted) <= 5
