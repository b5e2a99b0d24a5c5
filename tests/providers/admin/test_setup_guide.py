"""The guide stands beside the form, with the values to paste, and does not wait for the first save."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission

from providers.models import Provider
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
LIST = "/admin/providers/provider/"
ADD = LIST + "add/"
BASE = "http://localhost:8000"


def values_on(response):
    """The guide's inputs by their labels."""
    page = response.content.decode()
    labels = dict(re.findall(r'<label for="(setup-[\w-]+)">(.*?)</label>', page))
    inputs = re.findall(r'<input id="(setup-[\w-]+)" value="(.*?)"', page)
    return {unescape(labels[id]): unescape(value) for id, value in inputs if id in labels}


def unfolded(response):
    return re.findall(r'<details data-kind="([\w-]+)" open>', response.content.decode())


def test_a_providers_page_has_its_values_and_the_buttons_to_copy_them(bob, corp):
    response = bob.get(f"{LIST}{corp.pk}/change/")
    assert unfolded(response) == ["custom-oidc"]
    values = values_on(response)
    assert values["Redirect URI"] == f"{BASE}/callback/corp"
    assert values["Post-logout redirect URI"] == f"{BASE}/signed-out"
    assert values["Back-channel logout URI"] == f"{BASE}/backchannel-logout/corp"
    assert values["JWKS URL"] == f"{BASE}/providers/corp/jwks.json"
    page = response.content.decode()
    assert page.count('data-copy="setup-') == len(values)
    assert "/static/js/copy" in page


def test_the_page_to_add_one_has_them_with_the_slug_left_open(bob):
    response = bob.get(ADD, {"kind": "onelogin"})
    assert unfolded(response) == ["onelogin"]
    assert values_on(response)["Redirect URI's"] == f"{BASE}/callback/<slug>"
    assert "Applications &gt; Add App" in response.content.decode()


def test_every_kind_has_its_guide_there(bob):
    page = bob.get(ADD).content.decode()
    assert 'data-kind="onelogin"' in page
    assert 'href="?kind=onelogin">Start with the usual values of OneLogin' in page
    for product in ("Keycloak", "Entra ID", "Okta", "Google", "authentik"):
        assert f"<summary>{product}</summary>" in page


def test_after_a_mistake_the_values_follow_what_was_typed(bob, form):
    typed = form | {"slug": "acme", "callback": "shared", "kind": "onelogin", "name": ""}
    response = bob.post(ADD, typed)
    assert unfolded(response) == ["onelogin"]
    values = values_on(response)
    assert (values["Login Url"], values["Redirect URI's"]) == (f"{BASE}/signin/acme", f"{BASE}/callback")
    assert not Provider.objects.exists()


@pytest.mark.parametrize("slug", ["", "Corp SSO", "../evil", '"><script>', "a/b"])
def test_what_can_be_no_slug_is_in_no_address(bob, form, slug):
    response = bob.post(ADD, form | {"slug": slug, "name": ""})
    assert values_on(response)["Redirect URI"] == f"{BASE}/callback/<slug>"
    assert "<script>" not in response.content.decode().replace("<script ", "")


def test_a_kind_that_is_not_one_unfolds_nothing(bob, form):
    assert unfolded(bob.post(ADD, form | {"kind": "saml"})) == []


def test_who_may_only_look_sees_the_providers_own_guide_and_no_secret(client, corp, django_user_model):
    alice = django_user_model.objects.create(username="alice", is_staff=True)
    alice.user_permissions.add(Permission.objects.get(codename="view_provider"))
    client.force_login(alice, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    response = client.get(f"{LIST}{corp.pk}/change/")
    assert unfolded(response) == ["custom-oidc"]
    assert values_on(response)["Redirect URI"] == f"{BASE}/callback/corp"
    page = response.content.decode()
    assert corp.issuer in page
    assert 'data-kind="onelogin"' not in page
    assert_without(page, corp.client_secret)
    shown = page.replace("client_secret_basic", "").replace("client_secret_expires_at", "")
    assert "client_secret" not in shown


def test_what_is_not_offered_is_said_where_one_would_look_for_it(bob):
    page = bob.get(ADD).content.decode()
    for absent in ("id_token token", "hybrid", "fragment", "Front-channel logout"):
        assert absent in page
