"""The admin's page: by POST, for whoever may see the registration, remedies first."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from providers.models import Provider
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import registered_at

pytestmark = pytest.mark.django_db
BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"


@pytest.fixture
def corp(scripted_provider):
    return registered_at(scripted_provider)


@pytest.fixture
def address(corp):
    return f"/admin/providers/provider/{corp.pk}/check"


@pytest.fixture
def bob(client):
    client.force_login(User.objects.create(username="bob", is_staff=True, is_superuser=True), backend=BACKEND)
    return client


@pytest.fixture
def mallory(client):
    client.force_login(User.objects.create(username="mallory", is_staff=True), backend=BACKEND)
    return client


def test_the_registrations_page_leads_there(bob, corp, address):
    assert f'href="{address}"' in bob.get(f"/admin/providers/provider/{corp.pk}/change/").content.decode()


def test_looking_sends_nothing(bob, address, scripted_provider):
    response = bob.get(address)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert 'value="Check this provider"' in response.content.decode()
    assert scripted_provider.requests == []


def test_a_post_shows_that_all_is_well(bob, address):
    text = bob.post(address).content.decode()
    assert 'data-ok="true"' in text
    assert "data-code" not in text
    assert re.search(r">client_credentials</th><td>fine</td>", text)
    assert re.search(r">certificate</th><td>not run: the issuer is no https address</td>", text)
    assert Event.objects.get(action="provider_checked").actor == "user:bob"


def test_the_remedy_stands_before_the_facts_and_these_before_the_checks(bob, address, scripted_provider):
    scripted_provider.client.redirect_uris = ["https://<b>.example"]
    text = bob.post(address).content.decode()
    assert 'data-ok="false"' in text
    order = [
        "redirect_uri_not_registered",
        "Register exactly",
        "At the provider, type http://localhost:8000/callback/corp",
        "Expected",
        "authorization_request",
    ]
    assert sorted(order, key=text.index) == order
    assert "<td>failed</td>" in text


def test_what_a_provider_writes_is_text(bob, address, scripted_provider):
    scripted_provider.refuse("invalid_request", "<script>alert(1)</script>")
    text = bob.post(address).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    ("rights", "status"),
    [((), 403), (("view_provider",), 403), (("add_provider",), 403), (("change_provider",), 200)],
)
def test_a_check_needs_the_right_to_change(mallory, corp, address, scripted_provider, rights, status):
    User.objects.get(username="mallory").user_permissions.set(Permission.objects.filter(codename__in=rights))
    assert mallory.get(address).status_code == status
    assert mallory.post(address).status_code == status
    assert bool(scripted_provider.requests) == (status == 200)
    assert Event.objects.filter(action="provider_checked").exists() == (status == 200)


def test_who_may_only_look_sees_no_button(mallory, corp, address):
    User.objects.get(username="mallory").user_permissions.set(
        Permission.objects.filter(codename="view_provider")
    )
    page = mallory.get(f"/admin/providers/provider/{corp.pk}/change/")
    assert page.status_code == 200
    assert address not in page.content.decode()


def test_nobody_else_does(client, mallory, address, scripted_provider):
    assert mallory.get(address).status_code == mallory.post(address).status_code == 403
    client.logout()
    assert client.post(address).status_code == 302
    assert scripted_provider.requests == []


def test_a_check_needs_the_forms_token(corp, address, scripted_provider):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(
        User.objects.create(username="bob", is_staff=True, is_superuser=True), backend=BACKEND
    )
    assert browser.post(address).status_code == 403
    assert scripted_provider.requests == []


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_are_refused(bob, address, method):
    assert getattr(bob, method)(address).status_code == 405


def test_a_provider_that_is_gone_is_not_there(bob, address):
    Provider.objects.all().delete()
    assert bob.post(address).status_code == 404
