"""POST /oauth/introspect tells those who may know, and is an oracle to nobody (RFC 7662)."""

import base64
import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tokens_cast import BASE_URL, METADATA, basic, claims_in

from ssoconsole.platform.jose import algorithms
from ssoconsole.platform.jose.sign import generate_private_key, sign_jwt
from tokens.audiences import disable_audience, enable_audience
from tokens.bots.services import GrantSpec, disable_bot, enable_bot, save_bot
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.keys.services import compromise_signing_key, private_keys, rotate_signing_key
from tokens.models import Bot, Credential, SigningKey, TokenRecord
from tokens.records import verification
from tokens.records.revocation import revoke_token, revoke_tokens_of_bot
from tokens.records.services import issue_token


def inactive(answer):
    """Exactly this, and nothing that would tell why."""
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.json() == {"active": False}
    return True


@pytest.fixture
def console_token(console, by):
    """A token of an administrative bot, with the given scope."""

    def issue(scope, name="admin-bot"):
        bot = save_bot(bot=Bot(name=name), grants=[GrantSpec(console, list(console.scopes))], by=by)
        return issue_token(bot=bot, audience=console, scopes=scope, lifetime=timedelta(hours=1), by=by)[1]

    return issue


def test_a_bot_sees_its_own_token_as_it_is(oauth, me, token):
    answer = oauth.introspect(token, me)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    claims = claims_in(token)
    claims.pop("roles")
    claims.pop("status")  # for APIs that do not ask
    assert answer.json() == {"active": True, "token_type": "Bearer", **claims}


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_changes_nothing(oauth, me, token, hint):
    assert oauth.introspect(token, me, token_type_hint=hint).json()["active"] is True


def test_an_openmetadata_token_without_end_is_seen_as_it_is(oauth, bot, me, openmetadata, by):
    save_bot(bot=bot, grants=[GrantSpec(openmetadata, [])], by=by)
    _, token = issue_token(bot=bot, audience=openmetadata, scopes=None, lifetime=None, by=by)
    seen = oauth.introspect(token, me).json()
    assert seen["active"] is True
    assert "exp" not in seen
    assert "exp" not in claims_in(token)
    with time_machine.travel(timezone.now() + timedelta(days=10_000), tick=False):
        assert oauth.introspect(token, me).json()["active"] is True


def test_an_rfc_9068_token_without_end_has_the_last_second_there_is(oauth, bot, me, audience, by):
    audience.max_token_lifetime = None
    audience.save()
    bot = Bot.objects.get(pk=bot.pk)
    record, token = issue_token(bot=bot, audience=audience, scopes=None, lifetime=None, by=by)
    assert record.expires_at is None
    assert claims_in(token)["exp"] == 253402300799  # RFC 9068 requires exp
    assert oauth.introspect(token, me).json()["exp"] == 253402300799


def test_another_bot_at_the_same_api_sees_nothing(oauth, token, other_bot, other_secret):
    assert inactive(oauth.introspect(token, (other_bot.name, other_secret)))


def test_the_api_itself_sees_what_is_presented_to_it(oauth, token, other_bot, other_secret, audience, by):
    save_bot(bot=other_bot, grants=[GrantSpec(audience, [], ["resource_server"])], by=by)
    assert oauth.introspect(token, (other_bot.name, other_secret)).json()["active"] is True


def test_the_api_of_another_audience_sees_nothing(oauth, token, other_bot, other_secret, console, by):
    save_bot(bot=other_bot, grants=[GrantSpec(console, [], ["resource_server"])], by=by)
    assert inactive(oauth.introspect(token, (other_bot.name, other_secret)))


@pytest.mark.parametrize("scope", [["console.read"], ["console.write"]])
def test_a_console_token_sees_every_token(oauth, token, console_token, scope):
    answer = oauth.introspect(token, f"Bearer {console_token(scope)}")
    assert answer.json()["active"] is True


def test_a_console_token_with_too_little_scope_is_401(oauth, token, console_token):
    answer = oauth.introspect(token, f"Bearer {console_token([])}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert "active" not in answer.json()


@pytest.mark.parametrize("bearer", ["", "nonsense", "a.b.c"])
def test_a_bad_bearer_is_401(oauth, token, bearer):
    answer = oauth.introspect(token, f"Bearer {bearer}")
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


def test_a_token_for_another_api_is_no_console_token(oauth, token):
    assert oauth.introspect(token, f"Bearer {token}").status_code == 401


@pytest.mark.parametrize("auth", [None, ("ingestion-bot", "wrong"), ("nobody", "wrong")])
def test_strangers_are_401(oauth, token, auth):
    answer = oauth.introspect(token, auth)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_two_ways_of_authenticating_at_once_are_refused(oauth, me, token):
    answer = oauth.introspect(token, f"Bearer {token}", client_id=me[0], client_secret=me[1])
    assert answer.status_code == 400


def test_a_token_must_be_given(oauth, me):
    answer = oauth.post("/oauth/introspect", "token=", auth=me)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def own_key_token(token, **changes):
    """What only the holder of our signing key could make."""
    key = SigningKey.objects.signing().get(alg="ES256")
    claims = {name: value for name, value in {**claims_in(token), **changes}.items() if value is not None}
    return sign_jwt(claims, key=private_keys.of(key), alg="ES256", kid=key.kid, typ="at+jwt")


def test_a_token_signed_again_by_our_key_is_active(oauth, me, token):
    """The baseline of the table below: what is refused there is refused for its one change."""
    assert oauth.introspect(own_key_token(token), me).json()["active"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": BASE_URL + "/"},
        {"aud": "https://else.example"},
        {"aud": [METADATA, "https://else.example"]},
        {"sub": "other-bot"},
        {"exp": 9_999_999_999},
        {"exp": None},
        {"iat": 1},
        {"iss": None},
        {"aud": None},
        {"jti": None},
        {"jti": "unknown"},
        {"jti": 7},
    ],
)
def test_a_token_that_differs_from_its_record_is_inactive(oauth, me, token, changes):
    assert inactive(oauth.introspect(own_key_token(token, **changes), me))


def foreign_tokens(token):
    key = SigningKey.objects.signing().get(alg="ES256")
    claims, stranger = claims_in(token), generate_private_key("ES256")
    ours = private_keys.of(key)
    header, payload, signature = token.split(".")
    yield "somebody else's key", sign_jwt(claims, key=stranger, alg="ES256", kid=key.kid, typ="at+jwt")
    yield "an ID token's typ", sign_jwt(claims, key=ours, alg="ES256", kid=key.kid, typ="JWT")
    yield "no typ", sign_jwt(claims, key=ours, alg="ES256", kid=key.kid, typ=None)
    yield "a logout token's typ", sign_jwt(claims, key=ours, alg="ES256", kid=key.kid, typ="logout+jwt")
    yield "a status list's typ", sign_jwt(claims, key=ours, alg="ES256", kid=key.kid, typ="statuslist+jwt")
    yield "another kid", sign_jwt(claims, key=ours, alg="ES256", kid="x", typ="at+jwt")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    yield "alg none", f"{none}.{payload}."
    yield "no signature", f"{header}.{payload}."
    yield "half a token", f"{header}.{payload}"
    yield "one bit more", f"{header}.{payload}.{signature[:-4]}AAAA"
    yield "padding", f"{token}="
    yield "white space", f" {token}"
    yield "not ASCII", "tokén"
    yield "very long", "a" * 40_000


def test_whatever_we_have_not_issued_is_inactive(oauth, me, token):
    for what, forged in foreign_tokens(token):
        assert inactive(oauth.introspect(forged, me)), what


ENDS = {
    "revoked": lambda bot, record, by: revoke_token(record=record, by=by),
    "everything of the bot revoked": lambda bot, record, by: revoke_tokens_of_bot(bot=bot, by=by),
    "bot disabled": lambda bot, record, by: disable_bot(bot=bot, by=by),
    "audience disabled": lambda bot, record, by: disable_audience(audience=record.audience, by=by),
    "key compromised": lambda bot, record, by: compromise_signing_key(kid=record.signing_key.kid, by=by),
    "a scope taken": lambda bot, record, by: save_bot(
        bot=bot, grants=[GrantSpec(record.audience, ["metadata.read"], ["ingestor"])], by=by
    ),
    "a role taken": lambda bot, record, by: save_bot(
        bot=bot, grants=[GrantSpec(record.audience, record.audience.scopes)], by=by
    ),
    "the grant taken": lambda bot, record, by: save_bot(bot=bot, grants=[], by=by),
}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_a_token_ends_it_at_once(oauth, bot, by, token, console, end):
    asker = save_bot(bot=Bot(name="asker"), grants=[GrantSpec(console, ["console.read"])], by=by)
    record = TokenRecord.objects.get()
    ENDS[end](bot, record, by)
    hour = timedelta(hours=1)
    _, bearer = issue_token(bot=asker, audience=console, scopes=None, lifetime=hour, by=by)
    assert inactive(oauth.introspect(token, f"Bearer {bearer}"))


def test_widening_a_grant_ends_nothing(oauth, bot, me, token, audience, by):
    audience.scopes = [*audience.scopes, "metadata.admin"]
    audience.save()
    save_bot(bot=bot, grants=[GrantSpec(audience, audience.scopes, ["ingestor", "more"])], by=by)
    assert oauth.introspect(token, me).json()["active"] is True


def test_an_expired_token_is_inactive_from_the_very_second(oauth, me, token):
    end = TokenRecord.objects.get().expires_at
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert oauth.introspect(token, me).json()["active"] is True
    with time_machine.travel(end, tick=False):
        assert inactive(oauth.introspect(token, me))


def test_a_rotation_ends_nothing(oauth, me, token, by):
    rotate_signing_key(alg="ES256", by=by)
    assert oauth.introspect(token, me).json()["active"] is True


def test_disabling_is_not_revoking(oauth, bot, me, token, audience, by):
    disable_bot(bot=bot, by=by)
    disable_audience(audience=audience, by=by)
    enable_bot(bot=bot, by=by)
    enable_audience(audience=audience, by=by)
    assert oauth.introspect(token, me).json()["active"] is True


def test_the_secret_that_fetched_a_token_may_go(oauth, bot, me, token, by):
    retire_credential(credential=Credential.objects.get(), by=by)
    _, secret = add_client_secret(bot=bot, by=by)
    assert oauth.introspect(token, (bot.name, secret)).json()["active"] is True


def test_introspection_takes_three_statements_and_writes_nothing(oauth, me, token, other_bot, other_secret):
    for auth in (me, (other_bot.name, other_secret)):
        oauth.introspect(token, auth)
        with CaptureQueriesContext(connection) as captured:
            oauth.introspect(token, auth)
        assert len(captured) <= 3
        assert all(query["sql"].startswith("SELECT") for query in captured)


def test_the_answer_to_a_dead_token_takes_the_queries_of_an_unknown_one(oauth, me, token, by):
    oauth.introspect(token, me)
    revoke_token(record=TokenRecord.objects.get(), by=by)
    counts = []
    for text in (token, "nonsense", "a.b.c", own_key_token(token, jti="unknown")):
        with CaptureQueriesContext(connection) as captured:
            assert inactive(oauth.introspect(text, me))
        counts.append(len(captured))
    assert counts == [2, 2, 2, 2]


def test_basic_in_the_form_works_too(oauth, me, token):
    answer = oauth.introspect(token, None, client_id=me[0], client_secret=me[1])
    assert answer.json()["active"] is True
    assert oauth.introspect(token, basic(*me)).json()["active"] is True


@pytest.fixture
def verifications(monkeypatch):
    """How many signatures have been looked at, those that stand in for one among them."""
    counted = []
    look = algorithms.verify_signature
    monkeypatch.setattr(algorithms, "verify_signature", lambda *args: counted.append(1) or look(*args))
    return counted


def test_a_token_that_is_asked_about_again_is_proved_once(oauth, me, token, verifications):
    first = oauth.introspect(token, me)
    assert first.json()["active"] is True
    assert oauth.introspect(token, me).json() == first.json()
    assert len(verifications) == 1


@pytest.mark.parametrize("part", [0, 1, 2])
def test_another_text_is_not_the_one_that_was_proved(oauth, me, token, part):
    assert oauth.introspect(token, me).json()["active"] is True
    parts = token.split(".")
    other = {0: {"alg": "none", "typ": "at+jwt"}, 1: claims_in(token) | {"scope": "orders.write"}}
    raw = json.dumps(other[part]).encode() if part in other else b"\0" * 64
    parts[part] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert inactive(oauth.introspect(".".join(parts), me))


@pytest.mark.parametrize("end", ENDS)
def test_what_was_proved_ends_at_once(oauth, bot, other_bot, other_secret, audience, token, by, end):
    save_bot(bot=other_bot, grants=[GrantSpec(audience, [], ["resource_server"])], by=by)
    resource_server = other_bot.name, other_secret
    assert oauth.introspect(token, resource_server).json()["active"] is True
    ENDS[end](bot, TokenRecord.objects.get(), by)
    assert inactive(oauth.introspect(token, resource_server))


def test_to_whoever_may_not_see_it_a_proved_token_costs_what_any_text_costs(
    oauth, me, other_bot, other_secret, token, verifications
):
    assert oauth.introspect(token, me).json()["active"] is True
    for text in (token, "x", token[:-8] + "AAAAAAAA"):
        before = len(verifications)
        assert inactive(oauth.introspect(text, (other_bot.name, other_secret)))
        assert len(verifications) == before + 1


@pytest.mark.parametrize("most", ["MOST_PROVED", "LONGEST_PROVED"])
def test_no_more_is_remembered_than_there_is_room_for(oauth, me, bot, audience, by, monkeypatch, most):
    monkeypatch.setattr(verification, most, 2)
    for _ in range(5):
        _, token = issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=1), by=by)
        assert oauth.introspect(token, me).json()["active"] is True
    assert len(verification._proved) <= 2
