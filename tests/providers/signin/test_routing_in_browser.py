"""Forms of the sign-in pages in Chromium, which sends them with an `Origin` and watches where their answers lead."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from tests.providers.signin.journey import register

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(live_server, settings):
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def corp(scripted_provider, transactional_db):
    register(scripted_provider, slug="other")
    return register(scripted_provider, allowed_email_domains=["corp.example"])


def test_an_address_leads_through_its_provider_to_where_one_wanted_to_go(corp, console, quiet_page):
    quiet_page.goto(f"{console}/account")
    quiet_page.get_by_label("e-mail address").fill("bob@nowhere.example")
    quiet_page.get_by_role("button", name="Continue").click()
    expect(quiet_page.get_by_role("status")).to_contain_text("No sign-in provider")
    quiet_page.get_by_label("e-mail address").fill("alice@corp.example")
    quiet_page.get_by_role("button", name="Continue").click()
    quiet_page.wait_for_url(f"{console}/account")
    assert get_user_model().objects.get().username == "alice@corp.example"


def test_who_is_signed_in_can_sign_out_from_every_page_of_a_sign_in(
    corp, scripted_provider, console, quiet_page
):
    scripted_provider.discovery.drop("end_session_endpoint")
    for path in ("/signin", "/signin/nobody"):
        quiet_page.goto(f"{console}/signin/corp")
        quiet_page.wait_for_url(f"{console}/")
        quiet_page.goto(f"{console}{path}")
        quiet_page.get_by_role("button", name="Sign out").click()
        expect(quiet_page.get_by_role("heading", name="You are signed out")).to_be_visible()
