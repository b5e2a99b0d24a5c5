"""
Every operation of the API about bots and tokens, for every kind of caller; the operations are found by looking.

Each is done and undone, so that all of them are tried on the same scene.
"""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from rest_framework.test import APIClient
from tokens_cast import BASE_URL, METADATA, PASSWORD_BACKEND
from tokens_rights import everything

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tokens.api.urls import urlpatterns
from tokens.bots.services import GrantSpec, disable_bot, retire_bot, save_bot
from tokens.credentials.keyless import add_federation, set_public_keys
from tokens.models import Audience, Bot, Credential, SigningKey, TokenRecord
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token

METHODS = ("get", "post", "patch", "put", "delete")
FOR_EVERYBODY = {"api_schema", "api_docs"}  # what the API is, and nothing that is in it
TRUST = {"issuer": "https://idp.example", "audience": "https://console.example", "subject": "repo:a/b:ref"}
BODIES = {
    ("post", "api_bots"): {"name": "new-bot"},
    ("patch", "api_bot"): {"description": "changed"},
    ("post", "api_secrets"): {"label": "new"},
    ("post", "api_credentials"): {"kind": "federation", "trust": TRUST},
    ("post", "api_try_federation"): {"token": "a.b.c"},
    ("post", "api_tokens"): {"label": "new"},
    ("post", "api_audiences"): {"identifier": "https://new.example", "name": "New"},
    ("patch", "api_audience"): {"disabled": True},
    ("post", "api_rotate"): {"alg": "ES256"},
}
# POST that asks about something which belongs into no URL.
READS_BY_POST = {("post", "api_try_federation")}
# What belongs to one bot, and may be read by its owner.
OF_A_BOT = {
    "api_bots",
    "api_bot",
    "api_secrets",
    "api_secret",
    "api_credentials",
    "api_credential",
    "api_try_federation",
    "api_tokens",
    "api_token",
}
OPERATIONS = [
    (method, pattern.name, f"/api/v1/{pattern.pattern._route}")
    for pattern in urlpatterns
    if pattern.name not in FOR_EVERYBODY
    for method in METHODS
    if hasattr(pattern.callback.cls, method)
]
READS = [each for each in OPERATIONS if each[0] == "get" or each[:2] in READS_BY_POST]
WRITES = [each for each in OPERATIONS if each not in READS]


@pytest.fixture
def scene(people, bot, audience, token, console, by):
    credential = Credential.objects.get()
    named = {
        "<str:name>": bot.name,
        "<uuid:id>": str(credential.pk),
        "<str:jti>": TokenRecord.objects.get().jti,
        "<path:identifier>": METADATA,
    }

    def call(client, operation, headers=None):
        method, name, path = operation
        for placeholder, value in named.items():
            path = path.replace(placeholder, value)
        body = BODIES.get((method, name))
        return getattr(client, method)(path, body, format="json" if body else None, headers=headers)

    return call


@pytest.fixture
def bearer(console, by):
    """The headers of a token for the console with these scopes, of a bot of its own."""

    def make(scopes, name="admin-bot", audience=None):
        owner = save_bot(bot=Bot(name=name), grants=[GrantSpec(audience or console, scopes)], by=by)
        hour = timedelta(hours=1)
        record, token = issue_token(
            bot=owner, audience=audience or console, scopes=None, lifetime=hour, by=by
        )
        return record, {"Authorization": f"Bearer {token}"}

    return make


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def client_of(user, **options):
    client = APIClient(**options)
    client.force_login(user, PASSWORD_BACKEND)
    return client


def refused(scene, client, operations, statuses, headers=None, code=None):
    before = everything()
    for operation in operations:
        answer = scene(client, operation, headers)
        assert answer.status_code in statuses, (operation, answer.status_code, answer.content)
        assert answer["Cache-Control"] == "no-store", operation
        assert code is None or answer.json()["code"] == code, operation
    assert everything() == before


def done(scene, client, operations, headers=None):
    for operation in operations:
        with undone():
            before = everything()
            answer = scene(client, operation, headers)
            assert 200 <= answer.status_code < 300, (operation, answer.content)
            assert answer["Cache-Control"] == "no-store", operation  # some hold secrets
            assert (everything() != before) is (operation in WRITES), operation


def test_there_are_reads_and_writes_and_each_body_belongs_to_one():
    assert len(WRITES) >= 13
    assert len(READS) >= 11
    assert set(BODIES) <= {operation[:2] for operation in OPERATIONS}


def test_an_administrator_does_everything(scene, people):
    done(scene, client_of(people["bob"]), OPERATIONS)


def test_console_write_does_everything_and_is_not_itself_a_person(scene, bearer):
    done(scene, APIClient(), OPERATIONS, bearer(["console.write"])[1])


def test_console_read_reads_and_writes_nothing(scene, bearer):
    _, headers = bearer(["console.read"])
    done(scene, APIClient(), READS, headers)
    refused(scene, APIClient(), WRITES, {403}, headers, "insufficient_scope")


def test_a_token_without_scope_or_for_another_api_does_nothing(scene, bearer, audience):
    refused(scene, APIClient(), OPERATIONS, {403}, bearer([])[1], "insufficient_scope")
    _, headers = bearer(["metadata.read"], name="api-bot", audience=audience)
    refused(scene, APIClient(), OPERATIONS, {401}, headers, "invalid_token")


def revoke(record, by):
    revoke_token(record=record, by=by)


def compromise(record, by):
    SigningKey.objects.filter(pk=record.signing_key_id).update(compromised_at=record.issued_at)


def withdraw(record, by):
    Audience.objects.filter(identifier=f"{BASE_URL}/api/v1").update(disabled_at=record.issued_at)


ENDS = {
    "revoked": revoke,
    "key compromised": compromise,
    "bot disabled": lambda record, by: disable_bot(bot=record.bot, by=by),
    "bot retired": lambda record, by: retire_bot(bot=record.bot, by=by),
    "audience withdrawn": withdraw,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_token_that_has_ended_does_nothing(scene, bearer, by, end):
    record, headers = bearer(["console.write"])
    ENDS[end](record, by)
    refused(scene, APIClient(), OPERATIONS, {401}, headers, "invalid_token")


def test_an_owner_reads_what_is_his_and_changes_nothing(scene, people):
    alice = client_of(people["alice"])
    done(scene, alice, [each for each in READS if each[1] in OF_A_BOT])
    refused(scene, alice, [each for each in READS if each[1] not in OF_A_BOT], {404})
    refused(scene, alice, WRITES, {403, 404})


def test_to_everybody_else_signed_in_nothing_of_it_exists(scene, people):
    """Whatever rights they hold in the admin, and however near they come to being an administrator."""
    from django.contrib.auth.models import Permission

    staff = User.objects.create_user("carol", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    not_staff = User.objects.create_user("dave", is_superuser=True)
    for user in (people["mallory"], staff, not_staff):
        client, the_list = client_of(user), ("get", "api_bots")
        assert client.get("/api/v1/bots").json()["results"] == []
        refused(scene, client, [each for each in OPERATIONS if each[:2] != the_list], {404})


def test_a_stranger_is_asked_who_he_is(scene):
    refused(scene, APIClient(), OPERATIONS, {401, 403})


def test_a_session_writes_nothing_without_its_csrf_token(scene, people):
    refused(scene, client_of(people["bob"], enforce_csrf_checks=True), WRITES, {403})


def test_of_another_bot_nothing_is_found_under_the_name_of_this_one(people, bot, other_bot, other_secret):
    """Every path below a bot names what is the bot's, also to an administrator."""
    bob, foreign = client_of(people["bob"]), Credential.objects.get(bot=other_bot)
    before = everything()
    for path in (f"secrets/{foreign.pk}", f"credentials/{foreign.pk}"):
        assert bob.get(f"/api/v1/bots/{bot.name}/{path}").status_code == 404
        assert bob.delete(f"/api/v1/bots/{bot.name}/{path}").status_code == 404
    assert bob.post(f"/api/v1/bots/{bot.name}/secrets/{foreign.pk}/revoke-tokens").status_code == 404
    assert everything() == before


def test_among_the_secrets_of_a_bot_none_of_its_keys_and_rules_is_found(people, bot, by):
    bob, path = client_of(people["bob"]), f"/api/v1/bots/{bot.name}/secrets"
    keys = set_public_keys(bot=bot, jwks=None, jwks_uri="https://bot.example/jwks.json", by=by)
    rule = add_federation(bot=bot, rule={**TRUST, "claims": {}}, jwks=None, jwks_uri=None, by=by)
    before = everything()
    assert bob.get(path).json()["results"] == []
    for credential in (keys, rule):
        assert bob.get(f"{path}/{credential.pk}").status_code == 404
        assert bob.delete(f"{path}/{credential.pk}").status_code == 404
        assert bob.post(f"{path}/{credential.pk}/revoke-tokens").status_code == 404
    assert everything() == before


@pytest.mark.parametrize("who", ["bob", "a bot"])
def test_every_write_is_on_record_with_who_did_it_from_where(scene, people, bearer, who):
    headers = None if who == "bob" else bearer(["console.write"])[1]
    client = APIClient(REMOTE_ADDR="203.0.113.9")
    if who == "bob":
        client.force_login(people["bob"], PASSWORD_BACKEND)
    actor = "user:bob" if who == "bob" else "bot:admin-bot"
    for operation in WRITES:
        with undone():
            before = set(Event.objects.values_list("pk", flat=True))
            assert scene(client, operation, headers).status_code < 300
            new = Event.objects.exclude(pk__in=before)
            told = set(new.values_list("actor", "address", "outcome"))
            assert told == {(actor, "203.0.113.9", "ok")}, (operation, told)


def test_what_one_bot_does_for_another_is_on_record_under_its_own_name(bearer, bot, oauth, me):
    """What a bot fetches for itself is no event; a token that it has issued to another bot is."""
    _, headers = bearer(["console.write"])
    assert oauth.token(me).status_code == 200
    own = Event.objects.filter(action="token_issued", actor=f"bot:{bot.name}")
    assert not own.exists()
    answer = APIClient().post(f"/api/v1/bots/{bot.name}/tokens", {}, headers=headers)
    assert answer.status_code == 201
    event = Event.objects.get(action="token_issued", actor="bot:admin-bot")
    assert (event.target, event.after["jti"]) == (bot.name, answer.json()["jti"])
    assert answer.json()["token"] not in str(list(Event.objects.values()))
    assert TokenRecord.objects.get(jti=answer.json()["jti"]).issued_by == "bot:admin-bot"
