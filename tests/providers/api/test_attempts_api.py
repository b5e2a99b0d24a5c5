"""GET /api/v1/signin-attempts/<reference>: the trace for programs, for whoever may read everything."""

from datetime import timedelta

import pytest
from django.test import Client

from providers.models import SignInAttempt
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from tests.providers.signin.journey import trace_of
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password, person
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Audience, Bot
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
PATH = "/api/v1/signin-attempts/"
BY = Actor("user", "bob")


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


@pytest.fixture
def refused(op, provider, visitor):
    op.id_token.append("aud").claims.update(api_token="s3cret")
    return trace_of(visitor.sign_in(op))


def bearer(settings, scope):
    console = Audience.objects.get(identifier=f"{settings.BASE_URL}/api/v1")
    bot = save_bot(bot=Bot(name="reader"), grants=[GrantSpec(console, [scope])], by=BY)
    token = issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=BY)[1]
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def test_bob_reads_why_it_was_refused_and_what_to_do(op, bob, refused):
    answer = bob.get(PATH + refused.reference)
    told = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert (told["outcome"], told["provider"], told["purpose"]) == ("audience_mismatch", "corp", "sign_in")
    assert (told["expected"], told["received"]) == (op.client.client_id, f"{op.client.client_id}1")
    assert told["remedy"].startswith("Check the client ID.")
    states = {stage["name"]: stage["state"] for stage in told["stages"]}
    assert (states["token"], states["id_token"], states["done"]) == ("passed", "failed", "not reached")
    assert (told["user"], told["session"], told["provider_said"]) == (None, None, None)


def test_nothing_that_proves_anything_is_told(bob, refused):
    text = bob.get(PATH + refused.reference).content.decode()
    for secret in (refused.state_hash, refused.binding_hash, "s3cret"):
        assert_without(text, secret)


def test_a_good_one_tells_who_it_was_with_claims_masked(op, provider, visitor, bob):
    op.id_token.claims.update(api_token="s3cret")
    visitor.sign_in(op)
    told = bob.get(PATH + SignInAttempt.objects.get().reference).json()
    assert (told["outcome"], told["user"]) == ("ok", "alice@corp.example")
    assert told["claims"]["sub"] == "subject-1"
    assert_without(told, "s3cret")


def test_what_the_provider_said_is_told_apart(op, provider, visitor, bob):
    op.refusal = {"error": "access_denied", "error_description": "No consent"}
    attempt = trace_of(visitor.sign_in(op))
    told = bob.get(PATH + attempt.reference).json()["provider_said"]
    assert told == {"error": "access_denied", "error_description": "No consent", "status": ""}


def test_words_are_understood_however_they_are_typed_and_neighbours_are_told(visitor, bob):
    one, other = (trace_of(visitor.client.get(f"/callback?state={state}")) for state in "xy")
    told = bob.get(PATH + one.reference.replace("-", " ").upper()).json()
    assert told["reference"] == one.reference
    assert [each["reference"] for each in told["neighbours"]] == [other.reference]


def test_the_scope_to_read_is_enough(refused, settings):
    answer = Client().get(PATH + refused.reference, **bearer(settings, "console.read"))
    assert answer.json()["outcome"] == "audience_mismatch"


def test_another_scope_is_not(refused, settings):
    header = bearer(settings, "console.write")
    assert Client().get(PATH + refused.reference, **header).status_code == 200  # writing includes reading
    assert Client().get(PATH + refused.reference, HTTP_AUTHORIZATION="Bearer x.y.z").status_code == 401


@pytest.mark.parametrize("exists", [True, False])
def test_to_everybody_else_there_is_no_such_thing(refused, exists):
    reference = refused.reference if exists else "canyon-lamp-violet"
    client = Client()
    assert client.get(PATH + reference).status_code == 401
    come_in_by_password(client, person("mallory"))
    assert client.get(PATH + reference).status_code == 404
    User.objects.filter(username="mallory").update(is_staff=True)
    assert client.get(PATH + reference).status_code == 404


@pytest.mark.parametrize("reference", ["canyon-lamp-violet", "x", "%00", "a" * 500])
def test_what_is_not_on_record_is_404(bob, reference):
    answer = bob.get(PATH + reference)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_is_only_read(bob, refused):
    for verb in (bob.post, bob.put, bob.patch, bob.delete):
        assert verb(PATH + refused.reference).status_code == 405
    assert SignInAttempt.objects.filter(pk=refused.pk).exists()
