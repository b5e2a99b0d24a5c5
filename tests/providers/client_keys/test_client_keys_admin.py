"""The administrator sees the keys and rotates them; nobody else does, and no private half is on a page."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from providers.admin.client_keys import client_keys_panel
from providers.client_keys import OVERLAP, rotate_client_key
from providers.models import ClientKey
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB, registered_at
from tests.support.leaks import assert_without

LIST = "/admin/providers/provider/"


@pytest.fixture
def bob(db):
    return browser_of("bob", is_superuser=True)


@pytest.fixture
def mallory(db):
    return browser_of("mallory")


def browser_of(name, **rights):
    user = User.objects.create(username=name, is_staff=True, **rights)
    browser = Client()
    browser.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return browser


def rotate(browser, *providers):
    selected = [provider.pk for provider in providers]
    form = {"action": "rotate_client_keys", "confirmed": "yes", "_selected_action": selected}
    return browser.post(LIST, form, follow=True)


def states(provider):
    """What the panel says of each key."""
    found = re.findall(r"<code>(.+?)</code> \((\w+)\): (.+?) since 20", str(client_keys_panel(provider)))
    return {kid: state for kid, _, state in found}


class PanelTests:
    def test_each_key_has_its_state(self, corp):
        retired = ClientKey.objects.signing().get()
        signing = rotate_client_key(provider=corp, by=BOB)
        following = ClientKey.objects.get(signing_from=None)
        assert states(corp) == {
            retired.kid: "retired and still published",
            signing.kid: "signing",
            following.kid: "next, published",
        }
        ClientKey.objects.filter(pk=retired.pk).update(retired_at=timezone.now() - OVERLAP)
        assert states(corp)[retired.kid] == "retired"

    def test_it_names_the_address_of_the_set(self, corp):
        assert 'value="http://localhost:8000/providers/corp/jwks.json"' in client_keys_panel(corp)

    def test_without_keys_it_says_what_to_do(self, op):
        corp = registered_at(op)
        assert "save the registration" in client_keys_panel(corp)
        corp.token_endpoint_auth_method = "none"
        assert "Only private_key_jwt" in client_keys_panel(corp)

    def test_the_page_of_a_provider_has_it_and_no_private_half(self, bob, corp):
        page = bob.get(f"{LIST}{corp.pk}/change/").content.decode()
        for key in ClientKey.objects.all():
            assert key.kid in page
            assert_without(page, key.private_key[60:90])
            assert_without(page, key.private_key_envelope)


class RotatingTests:
    def test_the_selected_providers_get_another_key(self, bob, op, corp):
        basic = registered_at(op, slug="basic", token_endpoint_auth_method="client_secret_basic")
        following = ClientKey.objects.get(signing_from=None)
        page = rotate(bob, corp, basic).content.decode()
        assert ClientKey.objects.signing().get() == following
        assert f"key {following.kid} signs now" in page
        assert "does not use private_key_jwt" in page
        assert Event.objects.get(action="client_key_rotated").actor == "user:bob"

    def test_whoever_may_do_all_but_change_providers_rotates_nothing(self, mallory, corp):
        rights = Permission.objects.exclude(codename="change_provider")
        User.objects.get(username="mallory").user_permissions.set(rights)
        before = list(ClientKey.objects.values())
        assert rotate(mallory, corp).status_code == 200
        assert list(ClientKey.objects.values()) == before
        rights = Permission.objects.filter(codename__in=["view_provider", "change_provider"])
        User.objects.get(username="mallory").user_permissions.set(rights)
        assert rotate(mallory, corp).status_code == 200
        assert list(ClientKey.objects.values()) != before

    def test_who_holds_every_right_but_to_change_providers_rotates_nothing(self, corp):
        """He sees the list, so that it is the action's own right that keeps him from it."""
        carol = browser_of("carol")
        rights = Permission.objects.exclude(codename="change_provider")
        User.objects.get(username="carol").user_permissions.set(rights)
        before = list(ClientKey.objects.values())
        assert carol.get(LIST).status_code == 200
        assert "rotate_client_keys" not in carol.get(LIST).content.decode()
        rotate(carol, corp)
        assert list(ClientKey.objects.values()) == before
        assert not Event.objects.filter(action="client_key_rotated").exists()

    def test_the_right_to_change_providers_is_enough(self, corp):
        carol = browser_of("carol")
        rights = Permission.objects.filter(codename="change_provider")
        User.objects.get(username="carol").user_permissions.set(rights)
        rotate(carol, corp)
        assert Event.objects.get(action="client_key_rotated").actor == "user:carol"
