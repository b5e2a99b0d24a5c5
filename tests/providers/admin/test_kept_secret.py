"""A client secret that was typed into a form with a mistake waits for one save, and is never shown."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from providers.models import Provider
from ssoconsole.platform.accounts.models import SecretToShow, User
from tests.providers.admin.test_provider_admin import ADD, errors_in
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
SECRET = "typed-once-and-not-again"
KEPT = "client_secret_kept"


def kept_in(page):
    """The name under which the page says that the secret is kept; "" if it says nothing of it."""
    found = re.search(rf'<input type="hidden" name="{KEPT}" value="([^"]*)">', page)
    return found.group(1) if found else ""


@pytest.fixture
def typed(form):
    return form | {"client_secret": SECRET}


@pytest.fixture
def key(bob, typed):
    """As the form with a mistake in another field has come back."""
    page = bob.post(ADD, typed | {"leeway": "301"}).content.decode()
    assert "What you gave is kept" in page
    assert_without(page, SECRET)
    return kept_in(page)


def test_the_corrected_form_has_it(bob, typed, key):
    assert bob.post(ADD, typed | {"client_secret": "", KEPT: key}).status_code == 302
    assert Provider.objects.get().client_secret == SECRET
    assert not SecretToShow.objects.exists()


def test_it_waits_encrypted(key):
    [row] = SecretToShow.objects.all()
    assert (str(row.pk), row.secret) == (key, SECRET)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_secrettoshow")
        assert_without(str(cursor.fetchall()), SECRET)


def test_after_another_mistake_it_goes_on_waiting_by_another_name(bob, typed, key):
    page = bob.post(ADD, typed | {"client_secret": "", KEPT: key, "leeway": "302"}).content.decode()
    assert kept_in(page) not in ("", key)
    assert bob.post(ADD, typed | {"client_secret": "", KEPT: kept_in(page)}).status_code == 302
    assert Provider.objects.get().client_secret == SECRET


def test_another_that_is_typed_takes_its_place(bob, typed, key):
    bob.post(ADD, typed | {"client_secret": "the-later-one", KEPT: key})
    assert Provider.objects.get().client_secret == "the-later-one"


def test_one_that_is_to_be_removed_is_not_put_back(bob, typed, key):
    public = typed | {"token_endpoint_auth_method": "none", "client_secret": "", "remove_client_secret": "on"}
    assert bob.post(ADD, public | {KEPT: key}).status_code == 302
    assert Provider.objects.get().client_secret is None


def test_what_is_tried_is_still_to_be_saved(bob, typed, key):
    again = typed | {"client_secret": "", KEPT: key}
    assert bob.post("/admin/providers/provider/rehearse", again).status_code == 200
    assert bob.post(ADD, again).status_code == 302


def test_credentials_that_were_pasted_are_kept_too(bob, typed):
    pasted = f'{{"client_id": "console", "client_secret": "{SECRET}"}}'
    wrong = typed | {"client_secret": "", "credentials_json": pasted, "leeway": "301"}
    key = kept_in(bob.post(ADD, wrong).content.decode())
    assert bob.post(ADD, typed | {"client_secret": "", KEPT: key}).status_code == 302
    assert Provider.objects.get().client_secret == SECRET


@pytest.fixture
def eve(db):
    browser = Client()
    user = User.objects.create(username="eve", is_staff=True, is_superuser=True)
    browser.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return browser


class RefusalTests:
    """Whoever relies on what is not kept is told so, and nothing is saved with another secret in its place."""

    def refused(self, browser, typed, key):
        response = browser.post(ADD, typed | {"client_secret": "", KEPT: key})
        assert "is not kept any more" in str(errors_in(response)["client_secret"])
        assert not Provider.objects.exists()
        assert kept_in(response.content.decode()) == ""

    def test_a_second_time(self, bob, typed, key):
        bob.post(ADD, typed | {"client_secret": "", KEPT: key})
        Provider.objects.all().delete()
        self.refused(bob, typed, key)

    def test_after_five_minutes(self, bob, typed, key):
        with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
            self.refused(bob, typed, key)

    def test_by_another_administrator(self, eve, typed, key):
        self.refused(eve, typed, key)

    def test_in_another_browser(self, bob, typed, key):
        another = Client()
        another.force_login(
            User.objects.get(username="bob"), backend="ssoconsole.platform.accounts.passwords.PasswordBackend"
        )
        self.refused(another, typed, key)

    @pytest.mark.parametrize("name", ["nothing", "0", str(uuid.UUID(int=0))])
    def test_by_a_name_that_nothing_is_kept_under(self, bob, typed, name):
        self.refused(bob, typed, name)

    def test_a_stored_secret_is_not_taken_for_the_typed_one(self, bob, typed, corp):
        before = corp.client_secret
        page = f"/admin/providers/provider/{corp.pk}/change/"
        response = bob.post(page, typed | {"client_secret": "", KEPT: str(uuid.uuid4())})
        assert response.status_code == 200
        assert Provider.objects.get().client_secret == before


def test_a_secret_that_is_the_mistake_is_not_kept(bob, typed):
    wrong = typed | {"remove_client_secret": "on", "leeway": "301", "client_secret": "short"}
    wrong |= {"token_endpoint_auth_method": "client_secret_jwt"}
    page = bob.post(ADD, wrong).content.decode()
    assert "at least 32 bytes" in page
    assert kept_in(page) == ""
    assert not SecretToShow.objects.exists()
