"""/api/v1: tokens, audiences, signing keys, events, and callers with a token of their own."""

import re
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from tokens_cast import METADATA, problem, state

from ssoconsole.platform.eventlog.models import Event
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.models import Audience, Bot, SigningKey, TokenRecord
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token

TOKENS = "/api/v1/bots/ingestion-bot/tokens"


def test_bob_issues_a_token_that_is_shown_once(bob, bot, oauth, me):
    answer = bob.post(
        TOKENS,
        {"audience": METADATA, "scopes": ["metadata.read"], "lifetime": 600, "label": "by hand"},
    )
    assert answer.status_code == 201, answer.content
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert list(body) == ["jti", "token", "audience", "scopes", "label", "issued_at", "expires_at"]
    assert (body["audience"], body["scopes"], body["label"]) == (METADATA, ["metadata.read"], "by hand")
    assert oauth.introspect(body["token"], me).json()["jti"] == body["jti"]
    read = bob.get(f"/api/v1/tokens/{body['jti']}").json()
    assert set(read) == (set(body) - {"token"}) | {"revoked_at", "revoked_by"}
    assert bob.get(TOKENS).json()["results"] == [read]
    record = TokenRecord.objects.get()
    assert (record.expires_at - record.issued_at) == timedelta(minutes=10)
    assert record.issued_by == "user:bob"
    assert_without(bob.get("/api/v1/events").content.decode(), body["token"])


@pytest.mark.parametrize(
    ("asked", "scopes"),
    [
        ({}, ["metadata.read", "metadata.write"]),
        ({"scopes": []}, []),
        ({"scopes": ["metadata.write"]}, ["metadata.write"]),
    ],
)
def test_scopes_that_are_not_named_are_all_and_none_are_none(bob, bot, asked, scopes):
    assert bob.post(TOKENS, asked, format="json").json()["scopes"] == scopes
    assert TokenRecord.objects.get().scopes == scopes


def test_under_a_bot_its_own_tokens_are_listed_and_no_others(bob, alice, bot, other_bot, audience, by):
    own, foreign = (
        issue_token(bot=each, audience=audience, scopes=None, lifetime=timedelta(hours=1), by=by)[0].jti
        for each in (bot, other_bot)
    )
    for path, jti in ((TOKENS, own), (TOKENS.replace(bot.name, other_bot.name), foreign)):
        assert [row["jti"] for row in bob.get(path).json()["results"]] == [jti]
    assert [row["jti"] for row in alice.get(TOKENS).json()["results"]] == [own]
    assert alice.get(f"/api/v1/tokens/{foreign}").status_code == 404


@pytest.mark.parametrize(
    ("lifetime", "days"), [("OneHour", 1 / 24), ("1", 1), ("7", 7), ("30", 30), ("60", 60), ("90", 90)]
)
def test_a_lifetime_may_be_one_of_the_words(bob, bot, audience, lifetime, days):
    Audience.objects.update(max_token_lifetime=7_776_000)
    assert bob.post(TOKENS, {"lifetime": lifetime}).status_code == 201
    record = TokenRecord.objects.get()
    assert record.expires_at - record.issued_at == timedelta(days=days)


def test_unlimited_is_for_audiences_that_permit_it(bob, bot):
    problem(bob.post(TOKENS, {"lifetime": "Unlimited"}), 400, "lifetime_too_long")
    Audience.objects.update(max_token_lifetime=None)
    assert bob.post(TOKENS, {"lifetime": "Unlimited"}).json()["expires_at"] is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"lifetime": 86_401}, 400, "lifetime_too_long"),
        ({"lifetime": "90"}, 400, "lifetime_too_long"),
        ({"lifetime": 0}, 400, "lifetime_invalid"),
        ({"lifetime": -1}, 400, "lifetime_invalid"),
        ({"lifetime": 1.5}, 400, "lifetime_invalid"),
        ({"lifetime": True}, 400, "lifetime_invalid"),
        ({"lifetime": "3600"}, 400, "lifetime_invalid"),
        ({"lifetime": "unlimited"}, 400, "lifetime_invalid"),
        ({"lifetime": 10**30}, 400, "lifetime_invalid"),
        ({"lifetime": []}, 400, "lifetime_invalid"),
        ({"audience": "https://nobody.example"}, 400, "not_granted"),
        ({"scopes": ["admin"]}, 400, "invalid_scope"),
        ({"scopes": ["a b"]}, 400, "invalid_scope"),
        ({"scopes": "metadata.read"}, 400, "invalid"),
        ({"label": "a" * 101}, 400, "invalid"),
        ({"scope": "metadata.read"}, 400, "invalid"),
    ],
)
def test_a_token_that_may_not_be_is_not_issued(bob, bot, body, status, code):
    before = state()
    problem(bob.post(TOKENS, body), status, code)
    assert state() == before


def test_a_disabled_bot_gets_no_token_from_anybody(bob, bot, by):
    disable_bot(bot=bot, by=by)
    problem(bob.post(TOKENS, {}), 409, "bot_disabled")


def test_deleting_a_token_revokes_it_once(bob, token, oauth, me):
    path = f"/api/v1/tokens/{TokenRecord.objects.get().jti}"
    assert bob.delete(path).status_code == 204
    assert oauth.introspect(token, me).json() == {"active": False}
    first = bob.get(path).json()
    assert first["revoked_by"] == "user:bob"
    assert bob.delete(path).status_code == 204
    assert bob.get(path).json() == first


def test_everything_a_bot_holds_is_revoked_together(bob, oauth, me, token, other_bot, other_secret):
    other = oauth.token((other_bot.name, other_secret)).json()["access_token"]
    oauth.token(me)
    assert bob.post("/api/v1/bots/ingestion-bot/revoke-tokens").json() == {"revoked": 2}
    assert oauth.introspect(token, me).json() == {"active": False}
    assert oauth.introspect(other, (other_bot.name, other_secret)).json()["active"] is True
    assert bob.post("/api/v1/bots/ingestion-bot/revoke-tokens").json() == {"revoked": 0}


@pytest.fixture
def caller(console, by):
    """A client with a token of this console that has these scopes."""

    def make(*scopes):
        bot = save_bot(
            bot=Bot(name="admin-bot"), grants=[GrantSpec(console, ["console.read", "console.write"])], by=by
        )
        hour = timedelta(hours=1)
        record, token = issue_token(bot=bot, audience=console, scopes=scopes, lifetime=hour, by=by)
        client = APIClient(enforce_csrf_checks=True)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        client.record, client.token = record, token
        return client

    return make


def test_a_token_with_console_write_does_everything(caller, bot):
    client = caller("console.write")
    assert client.get("/api/v1/bots").status_code == 200
    assert client.post("/api/v1/bots", {"name": "made-by-bot"}).status_code == 201
    assert Event.objects.get(action="bot_created", target="made-by-bot").actor == "bot:admin-bot"


def test_a_token_with_console_read_reads(caller, bot):
    client = caller("console.read")
    assert client.get("/api/v1/bots/ingestion-bot").status_code == 200
    before = state()
    answer = client.post("/api/v1/bots", {"name": "made-by-bot"})
    problem(answer, 403, "insufficient_scope")
    challenge = answer["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="console.write"' in challenge
    assert state() == before


def test_a_token_without_scope_does_nothing(caller, bot):
    problem(caller().get("/api/v1/bots"), 403, "insufficient_scope")


def test_a_token_for_another_api_is_refused(anybody, token):
    answer = anybody.get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {token}")
    problem(answer, 401, "invalid_token")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "Bearer x y", "bearer a.b.c", "BEARER é"])
def test_a_bad_bearer_is_refused(anybody, db, header):
    problem(anybody.get("/api/v1/bots", HTTP_AUTHORIZATION=header), 401, "invalid_token")


def test_another_scheme_is_as_good_as_nothing(anybody, me):
    answer = anybody.get("/api/v1/bots", HTTP_AUTHORIZATION="Basic eA==")
    problem(answer, 401, "not_authenticated")
    assert "error" not in answer["WWW-Authenticate"]


def test_a_token_in_the_url_is_never_accepted(caller, anybody):
    token = caller("console.write").token
    problem(anybody.get(f"/api/v1/bots?access_token={token}"), 400, "invalid_request")


def test_a_bad_token_is_not_saved_by_a_good_session(bob):
    answer = bob.get("/api/v1/bots", HTTP_AUTHORIZATION="Bearer nonsense")
    problem(answer, 401, "invalid_token")


def test_a_console_token_dies_like_any_other(caller, by):
    client = caller("console.write")
    assert client.get("/api/v1/bots").status_code == 200
    revoke_token(record=client.record, by=by)
    problem(client.get("/api/v1/bots"), 401, "invalid_token")


def test_an_expired_console_token_is_refused(caller):
    client = caller("console.write")
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        problem(client.get("/api/v1/bots"), 401, "invalid_token")


NEW = {"identifier": "urn:example:api", "name": "API", "scopes": ["a", "b"]}


def test_bob_creates_and_changes_an_audience(bob):
    answer = bob.post("/api/v1/audiences", NEW)
    assert answer.status_code == 201, answer.content
    assert answer.json()["signing_alg"] == "ES256"
    body = bob.patch("/api/v1/audiences/urn:example:api", {"name": "Other", "disabled": True}).json()
    assert (body["name"], body["disabled"], body["scopes"]) == ("Other", True, ["a", "b"])
    assert bob.patch("/api/v1/audiences/urn:example:api", {"disabled": False}).json()["disabled"] is False
    assert bob.get("/api/v1/audiences/urn:example:api").json()["name"] == "Other"


@pytest.mark.parametrize("spelling", ["https://metadata.example", "https%3A%2F%2Fmetadata.example"])
def test_an_audience_is_found_by_its_identifier(bob, audience, spelling):
    assert bob.get(f"/api/v1/audiences/{spelling}").json()["identifier"] == METADATA
    names = [found["identifier"] for found in bob.get("/api/v1/audiences").json()["results"]]
    assert names == ["http://localhost:8000/api/v1", METADATA]


def test_the_profile_of_openmetadata_means_rs256(bob):
    body = bob.post("/api/v1/audiences", {**NEW, "profile": "openmetadata", "signing_alg": "ES256"}).json()
    assert body["signing_alg"] == "RS256"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"identifier": "metadata"}, 400, "audience_identifier_invalid"),
        ({"identifier": "https://a.example#x"}, 400, "audience_identifier_invalid"),
        ({"identifier": "https://"}, 400, "audience_identifier_invalid"),
        ({"identifier": "https://a b"}, 400, "audience_identifier_invalid"),
        ({"identifier": "https://[x"}, 400, "audience_identifier_invalid"),
        ({"identifier": "ftp://a.example"}, 400, "audience_identifier_invalid"),
        ({"identifier": "javascript:alert(1)"}, 400, "audience_identifier_invalid"),
        ({"identifier": METADATA}, 409, "audience_taken"),
        ({"scopes": ['"']}, 400, "invalid_scope"),
        ({"scopes": ["a b"]}, 400, "invalid_scope"),
        ({"profile": "saml"}, 400, "invalid"),
        ({"signing_alg": "HS256"}, 400, "invalid"),
        ({"signing_alg": "none"}, 400, "invalid"),
        ({"token_lifetime": 0}, 400, "invalid"),
        ({"token_lifetime": 3600, "max_token_lifetime": 60}, 400, "lifetime_too_long"),
        ({"name": ""}, 400, "invalid"),
        ({"nonsense": 1}, 400, "invalid"),
    ],
)
def test_an_audience_that_makes_no_sense_is_not_created(bob, audience, change, status, code):
    before = list(Audience.objects.values())
    problem(bob.post("/api/v1/audiences", {**NEW, **change}), status, code)
    assert list(Audience.objects.values()) == before


def test_an_identifier_is_fixed_once_tokens_carry_it(bob, token):
    answer = bob.patch(f"/api/v1/audiences/{METADATA}", {"identifier": "https://else.example"})
    problem(answer, 409, "audience_identifier_immutable")
    answer = bob.patch(f"/api/v1/audiences/{METADATA}", {"profile": "openmetadata"})
    problem(answer, 409, "audience_profile_in_use")
    assert Audience.objects.get(identifier=METADATA).profile == "rfc9068"


def test_an_identifier_may_change_before(bob, audience):
    assert (
        bob.patch(f"/api/v1/audiences/{METADATA}", {"identifier": "https://else.example"}).status_code == 200
    )


def test_keys_are_listed_without_their_private_half(bob):
    listed = bob.get("/api/v1/signing-keys").json()["results"]
    assert {key["state"] for key in listed} == {"published", "signing"}
    for key in listed:
        assert set(key) == {"kid", "alg", "state", "created_at", "signing_from", "verify_until"}


def test_bob_rotates_a_key(bob, oauth, me, token):
    old = SigningKey.objects.signing().get(alg="ES256")
    body = bob.post("/api/v1/signing-keys/rotate", {"alg": "ES256"}).json()
    assert (body["state"], body["alg"]) == ("signing", "ES256")
    assert body["kid"] != old.kid
    states = {key["kid"]: key["state"] for key in bob.get("/api/v1/signing-keys").json()["results"]}
    assert states[old.kid] == "retired"
    assert oauth.introspect(token, me).json()["active"] is True
    assert oauth.token(me).status_code == 200


def test_bob_takes_a_compromised_key_out(bob, oauth, me, token):
    old = SigningKey.objects.signing().get(alg="ES256")
    body = bob.post("/api/v1/signing-keys/rotate", {"compromised": old.kid}).json()
    assert body["kid"] != old.kid
    assert oauth.introspect(token, me).json() == {"active": False}
    fresh = oauth.token(me).json()["access_token"]
    assert oauth.introspect(fresh, me).json()["active"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"alg": "ES256", "compromised": "x"}, 400, "invalid"),
        ({"alg": "HS256"}, 400, "algorithm_unknown"),
        ({"compromised": "nobody"}, 404, "signing_key_unknown"),
    ],
)
def test_a_rotation_that_makes_no_sense_changes_nothing(bob, body, status, code):
    before = list(SigningKey.objects.order_by("pk").values())
    problem(bob.post("/api/v1/signing-keys/rotate", body), status, code)
    assert list(SigningKey.objects.order_by("pk").values()) == before


def test_bob_reads_the_event_log(bob, bot, token):
    # What a bot fetches for itself is on record as a token; what somebody makes for it is an event.
    assert not bob.get("/api/v1/events?action=token_issued").json()["results"]
    assert bob.post("/api/v1/bots/ingestion-bot/tokens", {}).status_code == 201
    events = bob.get("/api/v1/events").json()["results"]
    assert events[0]["action"] == "token_issued"
    assert events[0]["actor"] == "user:bob"
    for name in ("second-bot", "third-bot"):
        assert bob.post("/api/v1/bots", {"name": name}).status_code == 201
    only = bob.get("/api/v1/events?action=bot_created&target=second-bot").json()["results"]
    assert [event["target"] for event in only] == ["second-bot"]
    assert bob.get("/api/v1/events?actor=%00").json()["results"] == []


def test_the_schema_generates_without_a_warning(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yml"))
    text = (tmp_path / "schema.yml").read_text()
    for path in ("/api/v1/bots/{name}/secrets/{id}", "/api/v1/tokens/{jti}", "/api/v1/signing-keys/rotate"):
        assert f"{path}:" in text


def test_the_docs_tell_every_operation_and_fetch_nothing(db):
    answer = Client().get("/api/v1/docs")
    assert answer.status_code == 200
    page = answer.content.decode()
    for operation in ("GET /api/v1/bots", "POST /api/v1/bots/{name}/tokens", "DELETE /api/v1/tokens/{jti}"):
        assert operation in page
    fetched = re.findall(r'(?:<script [^>]*src|<link [^>]*href|<img [^>]*src)="([^"]*)"', page)
    assert {address.split("/")[1] for address in fetched} == {"static"}
    assert all(finders.find(address.removeprefix("/static/")) for address in fetched)
    assert "/static/swagger-ui/swagger-ui-bundle.js" in fetched
    assert page.count("<script") == 2
    assert "https://" not in page
    assert Client().get("/api/v1/schema").status_code == 200


def test_of_swagger_ui_the_program_alone_is_collected():
    told = StringIO()
    call_command("collectstatic", dry_run=True, interactive=False, stdout=told)
    collected = re.findall(r"drf_spectacular_sidecar/static/drf_spectacular_sidecar/(\S+)'", told.getvalue())
    program = "swagger-ui-dist/swagger-ui-bundle.js"
    assert set(collected) == {"swagger-ui-dist/LICENSE", program, f"{program}.LICENSE.txt"}


def test_the_docs_have_a_csrf_token_for_whoever_is_signed_in_alone(db, bob):
    assert "data-csrf" not in Client().get("/api/v1/docs").content.decode()
    assert 'data-csrf="' in bob.get("/api/v1/docs").content.decode()
