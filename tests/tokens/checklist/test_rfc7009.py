"""RFC 7009 line by line; what ends a token otherwise, and at which doors, is in test_what_ends_a_token.py."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from tokens_cast import claims_in, status_bit, writes_refused

from ssoconsole.platform.eventlog.models import Event
from tokens.models import TokenRecord
from tokens.status.services import forget_status_lists

pytestmark = pytest.mark.django_db


def is_live(oauth, token, me):
    return oauth.introspect(token, me).json()["active"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_7009_1_it_is_a_form_by_post(oauth, me, token, method):
    answer = oauth.http.generic(method, f"/oauth/revoke?x={token[:9]}")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert is_live(oauth, token, me)


def test_7009_2_the_client_is_authenticated_before_anything_is_looked_at(oauth, me, token):
    for body in ({"token": token}, {"x": "1"}, {"token": "nonsense"}):
        answer = oauth.post("/oauth/revoke", body)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert is_live(oauth, token, me)


def test_7009_2_the_token_of_another_client_stays_what_it_was(oauth, me, token, other_bot, other_secret):
    other = (other_bot.name, other_secret)
    theirs = oauth.token(other).json()["access_token"]
    assert oauth.revoke(token, other).status_code == 200
    assert oauth.revoke(theirs, me).status_code == 200
    assert is_live(oauth, token, me)
    assert is_live(oauth, theirs, other)
    assert not Event.objects.filter(action="token_revoked").exists()


def test_7009_3_it_is_dead_at_once_at_every_consumer(oauth, me, token, django_capture_on_commit_callbacks):
    assert status_bit(oauth.http, token) == 0  # and a copy of the list is kept
    with django_capture_on_commit_callbacks(execute=True):
        oauth.revoke(token, me)
    assert not is_live(oauth, token, me)
    assert status_bit(oauth.http, token) == 1


@pytest.mark.parametrize("what", ["unknown", "malformed", "expired", "revoked", "a secret"])
def test_7009_4_there_is_nothing_left_to_do_and_that_is_success(oauth, me, token, what):
    text = {"unknown": f"{token[:-12]}AAAAAAAAAAAA", "malformed": "a.b", "a secret": me[1]}.get(what, token)
    if what == "revoked":
        oauth.revoke(token, me)
    now = timezone.now() + timedelta(days=2 if what == "expired" else 0)
    with time_machine.travel(now, tick=False):
        answer = oauth.revoke(text, me)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "urn:nobody:knows", "x" * 10_000, "é"])
def test_7009_5_a_hint_changes_nothing(oauth, me, token, hint):
    assert oauth.revoke(token, me, token_type_hint=hint).status_code == 200
    assert not is_live(oauth, token, me)


def test_7009_6_there_is_no_refresh_token_that_could_live_on(oauth, me):
    assert "refresh_token" not in oauth.token(me).json()


@pytest.mark.parametrize("body", ["", "token=", "token=a&token=b", "tokens=a"])
def test_7009_7_without_one_token_it_is_invalid_request(oauth, me, body):
    answer = oauth.post("/oauth/revoke", body, auth=me)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("table", ["tokens_revocation", "eventlog_event"])
def test_7009_8_what_could_not_be_stored_is_503_and_the_token_still_exists(oauth, me, token, table):
    with writes_refused(table):
        answer = oauth.revoke(token, me)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert TokenRecord.objects.get().revoked_at is None
    assert is_live(oauth, token, me)
    assert oauth.revoke(token, me).status_code == 200
    assert not is_live(oauth, token, me)


def test_7009_9_however_often_it_is_revoked_it_is_one_revocation(oauth, me, token):
    assert {oauth.revoke(token, me).status_code for _ in range(5)} == {200}
    assert Event.objects.filter(action="token_revoked").count() == 1


def test_7009_10_nothing_undoes_it(oauth, me, token):
    issued = claims_in(token)["iat"]
    oauth.revoke(token, me)
    cache.clear()
    forget_status_lists()  # as a restart does
    assert not is_live(oauth, token, me)
    assert status_bit(oauth.http, token) == 1
    with time_machine.travel(issued + 1, tick=False):  # a clock that was set back
        assert not is_live(oauth, token, me)
