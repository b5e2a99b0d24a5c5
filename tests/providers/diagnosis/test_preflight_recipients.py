"""A preflight sends credentials to adopted endpoints only, and only for who may change the provider."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client

from providers.client_keys import ensure_client_key
from providers.models import Provider, Rehearsal
from providers.protocol.preflight.documents import USED
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB, registered_at
from tests.providers.rehearsal.stage import typed_form
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Audience, Bot
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"
PAGE = "/admin/providers/provider"
SENDING = ("authorization_request", "client_credentials")
METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")


def by_the_page(bob, corp):
    response = bob.post(f"{PAGE}/{corp.pk}/check")
    return response.context["report"].as_json()


def by_the_api(bob, corp):
    return bob.post("/api/v1/providers/corp/check").json()


def by_the_command(bob, corp):
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_provider", "corp", "--json", stdout=out)
    return json.loads(out.getvalue())


DOORS = (by_the_page, by_the_api, by_the_command)


@pytest.fixture
def bob():
    client = Client()
    client.force_login(User.objects.create_superuser("bob"), BACKEND)
    return client


@pytest.fixture
def evil(another_scripted_provider):
    another_scripted_provider.offer_par()
    return another_scripted_provider


def elsewhere(evil, member):
    return evil.url(
        {"jwks_uri": "jwks", "pushed_authorization_request_endpoint": "par"}.get(member) or member[:-9]
    )


def assert_nothing_was_tried(report, op, evil, code):
    assert report["ok"] is False
    assert (report["findings"][0]["code"], report["findings"][0]["severity"]) == (code, "error")
    stopped = {each["name"] for each in report["not_tried"] if each["because"] == "adopted_endpoints"}
    assert stopped == set(SENDING)
    for provider in (op, evil):
        assert {request.endpoint for request in provider.requests} <= {"discovery", "jwks"}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("member", USED)
def test_an_endpoint_that_nobody_has_adopted_gets_nothing(op, evil, bob, member, door):
    corp = registered_at(op)
    op.discovery[member] = elsewhere(evil, member)
    report = door(bob, corp)
    assert_nothing_was_tried(report, op, evil, "metadata_outdated")
    assert report["findings"][0]["received"].strip("“”") == elsewhere(evil, member)
    assert member in report["findings"][0]["expected"]


@pytest.mark.parametrize("method", METHODS)
def test_it_gets_no_credential_of_any_kind(op, evil, bob, method):
    op.client.token_endpoint_auth_method = method
    corp = registered_at(op)
    if method == "private_key_jwt":
        ensure_client_key(provider=corp, by=BOB)
    # What the provider lists is another method, so that the console would find out by trying.
    op.discovery["token_endpoint_auth_methods_supported"] = ["tls_client_auth"]
    op.discovery["token_endpoint"] = evil.url("token")
    assert_nothing_was_tried_but_the_list(by_the_api(bob, corp), op, evil)


def assert_nothing_was_tried_but_the_list(report, op, evil):
    assert "metadata_outdated" in {each["code"] for each in report["findings"]}
    assert set(SENDING) <= {each["name"] for each in report["not_tried"]}
    for provider in (op, evil):
        assert {request.endpoint for request in provider.requests} <= {"discovery", "jwks"}


def test_an_endpoint_that_is_offered_newly_or_no_more_is_not_adopted_either(op, evil, bob):
    corp = registered_at(op)
    op.offer_par()
    assert_nothing_was_tried(by_the_api(bob, corp), op, evil, "metadata_outdated")
    op.discovery.drop("pushed_authorization_request_endpoint", "end_session_endpoint")
    assert_nothing_was_tried(by_the_api(bob, corp), op, evil, "metadata_outdated")


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_without_metadata_in_use_nothing_is_tried(op, evil, bob, door):
    """A preflight adopts nothing: each one could send the secret to where the document of that moment says."""
    corp = registered_at(op)
    Provider.objects.update(discovery=None)
    assert_nothing_was_tried(door(bob, corp), op, evil, "metadata_not_adopted")
    assert Provider.objects.get().discovery is None


def test_a_secret_of_somebody_else_is_told_and_not_sent(op, evil, bob):
    corp = registered_at(op)
    Provider.objects.update(client_secret_for=[evil.issuer])
    report = by_the_api(bob, corp)
    assert report["findings"][0]["code"] == "client_credentials_of_another"
    assert op.requests_to("token") == []


def test_a_key_of_somebody_else_is_told_and_not_used(op, evil, bob):
    op.client.token_endpoint_auth_method = "private_key_jwt"
    corp = registered_at(op)
    ensure_client_key(provider=corp, by=BOB)
    corp.client_keys.update(made_for=[evil.issuer])
    report = by_the_api(bob, corp)
    assert report["findings"][0]["code"] == "client_credentials_of_another"
    assert op.requests_to("token") == []


def on_the_page(client, corp, op):
    return client.post(f"{PAGE}/{corp.pk}/check").status_code


def a_rehearsal(client, corp, op):
    return client.post(f"{PAGE}/{corp.pk}/rehearse", typed_form(op, client_secret="")).status_code


def a_rehearsal_of_a_new_one(client, corp, op):
    return client.post(f"{PAGE}/rehearse", typed_form(op, slug="new")).status_code


@pytest.mark.parametrize(
    ("door", "right", "status"),
    [
        (on_the_page, None, 403),
        (on_the_page, "view_provider", 403),
        (on_the_page, "add_provider", 403),
        (on_the_page, "delete_provider", 403),
        (on_the_page, "change_provider", 200),
        (a_rehearsal, None, 404),
        (a_rehearsal, "view_provider", 404),
        (a_rehearsal, "add_provider", 404),
        (a_rehearsal, "change_provider", 403),
        (a_rehearsal_of_a_new_one, "view_provider", 404),
        (a_rehearsal_of_a_new_one, "change_provider", 404),
        (a_rehearsal_of_a_new_one, "add_provider", 404),
    ],
)
def test_checking_and_rehearsing_need_the_right_to_change(op, door, right, status):
    corp = registered_at(op)
    mallory = User.objects.create(username="mallory", is_staff=True)
    mallory.user_permissions.set(Permission.objects.filter(codename=right))
    client = Client()
    client.force_login(mallory, BACKEND)
    assert door(client, corp, op) == status
    if status != 200:
        assert op.requests == []
        assert not Event.objects.filter(action__in=("provider_checked", "rehearsal")).exists()
        assert not Rehearsal.objects.exists()


@pytest.mark.parametrize(("scope", "status"), [("console.read", 403), ("console.write", 200)])
def test_a_check_by_the_api_needs_the_scope_to_write(op, settings, scope, status):
    registered_at(op)
    console = Audience.objects.get(identifier=f"{settings.BASE_URL}/api/v1")
    bot = save_bot(bot=Bot(name="watcher"), grants=[GrantSpec(console, [scope])], by=BOB)
    _, token = issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=BOB)
    answer = Client().post("/api/v1/providers/corp/check", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    assert bool(op.requests) == (status == 200)


@pytest.mark.parametrize("rights", ["staff", "person"])
def test_a_check_by_the_api_is_not_there_for_anybody_else(op, rights):
    registered_at(op)
    user = User.objects.create(username="mallory", is_staff=rights == "staff")
    user.user_permissions.set(Permission.objects.filter(codename__endswith="_provider"))
    client = Client()
    client.force_login(user, BACKEND)
    assert client.post("/api/v1/providers/corp/check").status_code == 404
    assert op.requests == []
