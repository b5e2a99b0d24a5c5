"""Every switch bites at the next request: the browser that was signed in is a stranger, or has less."""

import datetime

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from providers.models import ConsoleSession, Identity, Provider
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, register_read

User = get_user_model()
ADMIN = "/admin/providers/"
DOOR = "/admin/search"  # the page of the administration that reads the least


@pytest.fixture
def alice(op, visitor):
    """Signed in, an administrator by her principal and of a group by its claim."""
    op.person["groups"] = ["staff"]
    rules = [{"claim_value": "staff", "group": "Staff"}]
    scopes = ["openid", "email", "groups"]
    register_read(op, scopes=scopes, group_rules=rules, admin_principals=["alice@corp.example"])
    op.sid = "sid-1"
    visitor.sign_in(op)
    assert visitor.client.get(DOOR).status_code == 200
    return visitor


@pytest.fixture
def bob(db):
    """An administrator at work elsewhere."""
    client = Client()
    user = User.objects.create(username="bob", is_staff=True, is_superuser=True)
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return client


def act(client, model, action, *rows):
    response = client.post(
        f"{ADMIN}{model}/" if model != "user" else "/admin/accounts/user/",
        {"action": action, "confirmed": "yes", "_selected_action": [str(row.pk) for row in rows]},
    )
    assert response.status_code == 302


def change_person(client, **fields):
    user = User.objects.get(username="alice@corp.example")
    shown = {"name": user.name, "email": user.email, "is_active": "on"} | fields
    data = {name: value for name, value in shown.items() if value}
    assert client.post(f"/admin/accounts/user/{user.pk}/change/", data).status_code == 302


def back_channel(op, **named):
    token = op.make_logout_token(**named)
    assert (
        Client().post("/backchannel-logout/corp", {"logout_token": token}).status_code == 400
    )  # no plain form
    form = f"logout_token={token}"
    sent = Client().post("/backchannel-logout/corp", form, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 200


def row(model, **fields):
    return model.objects.get(**fields)


ENDS = {
    "the provider is disabled": lambda op, bob: act(bob, "provider", "disable", row(Provider)),
    "the identity is unlinked": lambda op, bob: act(bob, "identity", "unlink", row(Identity)),
    "the session is ended": lambda op, bob: act(bob, "consolesession", "end_sessions", row(ConsoleSession)),
    "all sessions of the person are ended": lambda op, bob: act(
        bob, "user", "end_sessions", row(User, username="alice@corp.example")
    ),
    "the user is disabled": lambda op, bob: change_person(bob, is_active=""),
    "the user is deleted": lambda op, bob: act_delete(bob),
    "the provider signs her out": lambda op, bob: back_channel(op, sub="subject-1"),
    "the provider ends that session": lambda op, bob: back_channel(op, sid="sid-1"),
    "she signs out elsewhere, everywhere": lambda op, bob: sign_out_everywhere(op),
    "the provider becomes another one": lambda op, bob: Provider.objects.get() and move(bob),
}


def act_delete(bob):
    user = row(User, username="alice@corp.example")
    assert bob.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 302


def sign_out_everywhere(op):
    other = Browser()
    other.sign_in(op)
    assert other.client.post("/account/sessions/end-all", {"which": "all"})["Location"] == "/signed-out"


def move(bob):
    from providers.registration.services import save_provider
    from ssoconsole.platform.actors import Actor

    provider = Provider.objects.get()
    provider.client_id = "another-client"
    save_provider(provider=provider, by=Actor("user", "bob"), fetch_metadata=False, anyway=True)


@pytest.mark.parametrize("switch", ENDS.values(), ids=ENDS.keys())
def test_the_browser_is_a_stranger_at_its_next_request(op, alice, bob, switch):
    switch(op, bob)
    for path in ("/account", "/"):
        assert alice.client.get(path).wsgi_request.user.is_anonymous
    assert alice.client.get(DOOR).status_code == 302
    assert not ConsoleSession.objects.live(at=timezone.now()).exists()
    assert not ConsoleSession.objects.filter(ended_at__isnull=False, id_token__isnull=False).exists()


def test_when_its_time_is_over_too(alice):
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=8, seconds=1)):
        assert not alice.is_signed_in()


LOSSES = {
    "the admin principal goes": lambda op: Provider.objects.update(admin_principals=[]),
    "the person is called otherwise": lambda op: op.person.update(email="alice2@corp.example"),
}


@pytest.mark.parametrize("switch", LOSSES.values(), ids=LOSSES.keys())
def test_an_administrator_by_principal_is_none_from_the_next_sign_in_on_in_every_browser(op, alice, switch):
    switch(op)
    Browser().sign_in(op)
    assert alice.client.get(DOOR).status_code == 302
    assert alice.is_signed_in()
    assert not User.objects.get().is_superuser


def test_a_group_by_claim_goes_with_the_claim(op, alice):
    assert Group.objects.get(name="Staff").user_set.count() == 1
    op.person["groups"] = []
    Browser().sign_in(op)
    assert Group.objects.get(name="Staff").user_set.count() == 0


def test_rights_that_an_administrator_takes_away_are_gone_at_the_next_request(alice, bob):
    change_person(bob, is_staff="", is_superuser="")
    assert alice.client.get(DOOR).status_code == 302
    assert alice.is_signed_in()


def test_a_person_by_password_who_is_disabled_is_a_stranger_too(db, bob):
    client = Client()
    User.objects.create_superuser("root", password="x" * 20)
    client.login(username="root", password="x" * 20)
    assert client.get(DOOR).status_code == 200
    User.objects.filter(username="root").update(is_active=False)
    assert client.get(DOOR).status_code == 302
    assert client.get("/account").status_code == 302


def test_a_provider_in_use_is_disabled_and_not_deleted(alice, bob):
    provider = Provider.objects.get()
    assert bob.post(f"{ADMIN}provider/{provider.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Provider.objects.count() == 1
    assert alice.is_signed_in()


def test_a_refused_switch_changes_nothing(op, alice):
    mallory = Client()
    user = User.objects.create(username="mallory", is_staff=True)
    mallory.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    before = Event.objects.count()
    for model, action, rows in (
        ("consolesession", "end_sessions", ConsoleSession.objects.all()),
        ("identity", "unlink", Identity.objects.all()),
        ("provider", "disable", Provider.objects.all()),
    ):
        data = {"action": action, "confirmed": "yes", "_selected_action": [str(found.pk) for found in rows]}
        assert mallory.post(f"{ADMIN}{model}/", data).status_code == 403
    data = {"action": "end_sessions", "confirmed": "yes", "_selected_action": [str(User.objects.first().pk)]}
    assert mallory.post("/admin/accounts/user/", data).status_code == 403
    assert alice.is_signed_in()
    assert Event.objects.count() == before
