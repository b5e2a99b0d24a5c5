"""/api/v1/bots: administrators do everything, owners look, strangers find nothing."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from tokens_cast import METADATA, PASSWORD_BACKEND, but_for_the_reference, problem, state

from ssoconsole.platform.eventlog.models import Event
from tests.support.leaks import assert_without
from tokens.models import Credential, TokenRecord

BODY = {
    "name": "new-bot",
    "description": "Nightly",
    "owner": "alice@corp.example",
    "allowed_networks": ["192.0.2.0/24"],
    "max_live_tokens": 500,
    "grants": [{"audience": METADATA, "scopes": ["metadata.read"], "roles": ["reader"]}],
}


def test_bob_creates_a_bot(bob, audience):
    answer = bob.post("/api/v1/bots", BODY)
    assert answer.status_code == 201, answer.content
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert body.pop("created_at").endswith("Z")
    assert body == {**BODY, "disabled": False, "last_used_at": None}
    assert list(bob.get("/api/v1/bots/new-bot").json()) == [
        "name",
        "description",
        "owner",
        "disabled",
        "allowed_networks",
        "max_live_tokens",
        "grants",
        "created_at",
        "last_used_at",
    ]
    event = Event.objects.get(action="bot_created")
    assert (event.actor, event.target) == ("user:bob", "new-bot")


def test_a_name_alone_makes_a_bot(bob):
    assert bob.post("/api/v1/bots", {"name": "plain"}).json()["grants"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "invalid"),
        ({"name": "-bot"}, "invalid"),
        ({"name": "a b"}, "invalid"),
        ({"name": "a/b"}, "invalid"),
        ({"name": "bot\n"}, "invalid"),
        ({"name": "b" * 101}, "invalid"),
        ({"name": "a\u0000b"}, "invalid"),
        ({"name": None}, "invalid"),
        ({"allowed_networks": ["10.0.0.1/8"]}, "network_invalid"),
        ({"allowed_networks": ["example.com"]}, "network_invalid"),
        ({"allowed_networks": "10.0.0.0/8"}, "invalid"),
        ({"grants": [{"audience": "https://nobody.example"}]}, "audience_unknown"),
        ({"grants": [{"audience": METADATA, "scopes": ["admin"]}]}, "invalid_scope"),
        ({"grants": [{"audience": METADATA, "scopes": ["METADATA.READ"]}]}, "invalid_scope"),
        ({"grants": [{"audience": METADATA, "scopes": ["metadata"]}]}, "invalid_scope"),
        ({"grants": [{"audience": METADATA, "scopes": ["a b"]}]}, "invalid_scope"),
        ({"grants": [{"audience": METADATA}, {"audience": METADATA}]}, "grant_repeated"),
        ({"grants": [{"audience": METADATA, "roles": ["a\u0007"]}]}, "role_invalid"),
        ({"grants": [{"audience": METADATA, "scope": "x"}]}, "invalid"),
        ({"grants": "all"}, "invalid"),
        ({"client_secret": "x"}, "invalid"),
        ({"disabled": "perhaps"}, "invalid"),
    ],
)
def test_a_bot_that_makes_no_sense_is_not_created(bob, audience, change, code):
    before = state()
    problem(bob.post("/api/v1/bots", {**BODY, **change}), 400, code)
    assert state() == before


@pytest.mark.parametrize("name", ["ingestion-bot", "INGESTION-BOT"])
def test_a_name_is_never_used_twice(bob, bot, name):
    before = state()
    problem(bob.post("/api/v1/bots", {"name": name}), 409, "bot_name_taken")
    assert state() == before


def test_bob_changes_what_he_names_and_nothing_else(bob, bot):
    answer = bob.patch("/api/v1/bots/ingestion-bot", {"description": "Other"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["description"] == "Other"
    assert body["owner"] == "alice@corp.example"
    assert body["grants"][0]["scopes"] == ["metadata.read", "metadata.write"]
    event = Event.objects.get(action="bot_changed")
    assert (event.before, event.after) == (
        {"description": "Nightly ingestion"},
        {"description": "Other"},
    )


def test_a_change_of_nothing_is_no_event(bob, bot):
    assert bob.patch("/api/v1/bots/ingestion-bot", {"description": "Nightly ingestion"}).status_code == 200
    assert not Event.objects.filter(action="bot_changed").exists()


@pytest.mark.parametrize("name", ["other", "INGESTION-BOT", "Ingestion-bot", "ingestion-bot2"])
def test_a_name_never_changes(bob, bot, name):
    before = state()
    problem(bob.patch("/api/v1/bots/ingestion-bot", {"name": name}), 400, "bot_name_immutable")
    assert state() == before


def test_disabling_stops_a_bot_and_enabling_brings_it_back(bob, bot, oauth, me):
    assert bob.patch("/api/v1/bots/ingestion-bot", {"disabled": True}).json()["disabled"] is True
    assert oauth.token(me).status_code == 401
    assert bob.patch("/api/v1/bots/ingestion-bot", {"disabled": False}).json()["disabled"] is False
    assert oauth.token(me).status_code == 200


def test_deleting_disables_for_good_and_keeps_the_name(bob, bot, oauth, me):
    answer = bob.delete("/api/v1/bots/ingestion-bot")
    assert (answer.status_code, answer.content) == (204, b"")
    assert oauth.token(me).status_code == 401
    assert bob.delete("/api/v1/bots/ingestion-bot").status_code == 204
    problem(bob.post("/api/v1/bots", {"name": "ingestion-bot"}), 409, "bot_name_taken")
    problem(bob.patch("/api/v1/bots/ingestion-bot", {"disabled": False}), 409, "bot_retired")
    problem(bob.patch("/api/v1/bots/ingestion-bot", {"description": "x"}), 409, "bot_retired")
    problem(bob.post("/api/v1/bots/ingestion-bot/secrets", {}), 409, "bot_retired")
    problem(bob.post("/api/v1/bots/ingestion-bot/tokens", {}), 409, "bot_retired")
    assert bob.get("/api/v1/bots/ingestion-bot").json()["disabled"] is True


def test_a_list_goes_by_cursor_on_our_own_address(bob, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for number in range(5):
        bob.post("/api/v1/bots", {"name": f"bot-{number}"})
    first = bob.get("/api/v1/bots?page_size=2", HTTP_HOST="evil.example").json()
    assert [bot["name"] for bot in first["results"]] == ["bot-0", "bot-1"]
    assert first["previous"] is None
    assert first["next"].startswith("http://localhost:8000/api/v1/bots?")
    second = bob.get(first["next"].removeprefix("http://localhost:8000")).json()
    assert [bot["name"] for bot in second["results"]] == ["bot-2", "bot-3"]


def test_a_list_takes_the_same_queries_whatever_its_length(
    bob, bot, other_bot, django_assert_max_num_queries
):
    with django_assert_max_num_queries(4):
        assert len(bob.get("/api/v1/bots").json()["results"]) == 2


def test_a_new_secret_is_shown_once_and_works(bob, bot, oauth):
    answer = bob.post("/api/v1/bots/ingestion-bot/secrets", {"label": "nightly"})
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert list(body) == ["id", "label", "client_secret", "hint", "created_at", "expires_at"]
    assert oauth.token(("ingestion-bot", body["client_secret"])).status_code == 200
    one = f"/api/v1/bots/ingestion-bot/secrets/{body['id']}"
    for later in (bob.get("/api/v1/bots/ingestion-bot/secrets"), bob.get(one), bob.get("/api/v1/events")):
        assert later.status_code == 200
        assert_without(later.content.decode(), body["client_secret"])
    listed = bob.get("/api/v1/bots/ingestion-bot/secrets").json()["results"][0]
    assert set(listed) == {
        "id",
        "label",
        "hint",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_from",
        "retired_at",
    }
    assert listed["last_used_from"] == "127.0.0.1"
    assert bob.get("/api/v1/bots/ingestion-bot").json()["last_used_at"] == listed["last_used_at"]


def test_a_secret_may_have_an_end(bob, bot):
    end = (timezone.now() + timedelta(days=1)).isoformat()
    assert bob.post("/api/v1/bots/ingestion-bot/secrets", {"expires_at": end}).json()["expires_at"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expiry_invalid"),
        ({"expires_at": "tomorrow"}, "invalid"),
        ({"label": "a" * 101}, "invalid"),
        ({"client_secret": "of my own"}, "invalid"),
        ([], "invalid"),
    ],
)
def test_a_secret_that_makes_no_sense_is_not_made(bob, bot, body, code):
    before = state()
    problem(bob.post("/api/v1/bots/ingestion-bot/secrets", body), 400, code)
    assert state() == before


def test_a_retired_secret_proves_nothing(bob, bot, secret, oauth, me):
    path = f"/api/v1/bots/ingestion-bot/secrets/{Credential.objects.get().pk}"
    assert bob.delete(path).status_code == 204
    assert oauth.token(me).status_code == 401
    first = bob.get(path).json()["retired_at"]
    assert bob.delete(path).status_code == 204
    assert bob.get(path).json()["retired_at"] == first


def test_the_secret_of_another_bot_is_not_found_under_this_one(bob, secret, other_bot):
    path = f"/api/v1/bots/other-bot/secrets/{Credential.objects.get().pk}"
    problem(bob.get(path), 404, "not_found")
    problem(bob.delete(path), 404, "not_found")
    assert Credential.objects.get().retired_at is None


@pytest.mark.parametrize("path", ["", "/secrets", "/tokens"])
def test_alice_reads_what_her_bot_has(alice, bot, token, path):
    assert alice.get(f"/api/v1/bots/ingestion-bot{path}").status_code == 200
    assert alice.get("/api/v1/tokens/" + TokenRecord.objects.get().jti).status_code == 200


def test_alice_lists_her_own_bots_only(alice, mallory, bot, other_bot):
    assert [bot["name"] for bot in alice.get("/api/v1/bots").json()["results"]] == ["ingestion-bot"]
    assert mallory.get("/api/v1/bots").json()["results"] == []


WRITES = [
    ("patch", "/api/v1/bots/{bot}", {"description": "x"}),
    ("delete", "/api/v1/bots/{bot}", {}),
    ("post", "/api/v1/bots/{bot}/secrets", {}),
    ("delete", "/api/v1/bots/{bot}/secrets/{secret}", {}),
    ("post", "/api/v1/bots/{bot}/tokens", {}),
    ("post", "/api/v1/bots/{bot}/revoke-tokens", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_alice_changes_nothing(alice, bot, token, method, path, body):
    before = state()
    path = path.format(bot=bot.name, secret=Credential.objects.get().pk)
    problem(getattr(alice, method)(path, body), 403, "permission_denied")
    assert state() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *WRITES,
        ("post", "/api/v1/bots", {"name": "mine"}),
        ("get", "/api/v1/bots/{bot}", {}),
        ("get", "/api/v1/bots/{bot}/secrets", {}),
        ("get", "/api/v1/bots/{bot}/secrets/{secret}", {}),
        ("get", "/api/v1/bots/{bot}/tokens", {}),
        ("get", "/api/v1/tokens/{jti}", {}),
        ("delete", "/api/v1/tokens/{jti}", {}),
        ("get", "/api/v1/audiences", {}),
        ("get", f"/api/v1/audiences/{METADATA}", {}),
        ("get", "/api/v1/signing-keys", {}),
        ("post", "/api/v1/signing-keys/rotate", {"alg": "ES256"}),
        ("get", "/api/v1/events", {}),
    ],
)
def test_to_mallory_nothing_exists(mallory, anybody, bot, token, method, path, body):
    before = state()
    path = path.format(bot=bot.name, secret=Credential.objects.get().pk, jti=TokenRecord.objects.get().jti)
    problem(getattr(mallory, method)(path, body), 404, "not_found")
    answer = getattr(anybody, method)(path, body)
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="console"'
    assert state() == before


def test_what_is_not_there_looks_to_mallory_like_what_is_not_his(mallory, bot):
    theirs = mallory.get("/api/v1/bots/ingestion-bot")
    nobodys = mallory.get("/api/v1/bots/no-such-bot")
    assert but_for_the_reference(theirs) == but_for_the_reference(nobodys)


@pytest.mark.parametrize("field", ["is_active", "is_staff", "is_superuser"])
def test_half_an_administrator_is_none(bob, people, bot, field):
    setattr(people["bob"], field, False)
    people["bob"].save()
    assert bob.get("/api/v1/events").status_code in (401, 404)


def test_a_session_needs_its_csrf_token(people, bot):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["bob"], PASSWORD_BACKEND)
    before = state()
    answer = browser.post("/api/v1/bots", {"name": "forged"}, content_type="application/json")
    problem(answer, 403, "permission_denied")
    assert state() == before


def test_an_unknown_secret_is_not_found(bob, bot):
    problem(bob.get(f"/api/v1/bots/ingestion-bot/secrets/{uuid.uuid4()}"), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/bots", "/api/v1/signing-keys/rotate"])
@pytest.mark.parametrize("body", ["{", "[1", '"', "\x00", "nul"])
def test_a_body_that_is_no_json_is_refused(bob, path, body):
    answer = bob.generic("POST", path, body, content_type="application/json")
    problem(answer, 400, "parse_error")


def test_other_methods_and_types_are_refused(bob, bot):
    problem(bob.put("/api/v1/bots/ingestion-bot", {}), 405, "method_not_allowed")
    answer = bob.generic("POST", "/api/v1/bots", "name=x", content_type="application/x-www-form-urlencoded")
    problem(answer, 415, "unsupported_media_type")


def test_a_database_that_is_away_is_503(bob, bot, monkeypatch):
    from django.db import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr("tokens.api.bots.save_bot", away)
    answer = bob.post("/api/v1/bots", {"name": "x"})
    problem(answer, 503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"
