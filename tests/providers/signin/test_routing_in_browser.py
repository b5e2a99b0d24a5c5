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


def test_among_many_providers_one_is_found_by_typing(
    scripted_provider, transactional_db, console, quiet_page
):
    for number in range(40):
        register(scripted_provider, slug=f"p{number}", name=f"School {number}")
    register(scripted_provider, slug="corp", name="Corp SSO")
    quiet_page.goto(f"{console}/signin")
    assert quiet_page.evaluate("document.documentElement.scrollHeight") < 1200
    quiet_page.get_by_label("Find yours").fill("sso corp")
    expect(quiet_page.get_by_role("status")).to_have_text("1 of 41")
    expect(quiet_page.locator("a.provider:visible")).to_have_text(["C Corp SSO"])
    quiet_page.keyboard.press("Enter")
    quiet_page.keyboard.press("Enter")
    quiet_page.wait_for_url(f"{console}/")
    assert get_user_model().objects.exists()


def test_all_of_many_are_plain_links_without_a_script(scripted_provider, transactional_db, console, browser):
    for number in range(13):
        register(scripted_provider, slug=f"p{number}", name=f"School {number}")
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{console}/signin")
    expect(page.locator("a.provider")).to_have_count(13)
    expect(page.get_by_label("Find yours")).to_be_hidden()
    page.close()
