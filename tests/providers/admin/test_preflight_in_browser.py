"""In a real browser: from the registration's page to what is wrong with it, on a phone and in the dark too."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.support.browser import screenshot

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_check_shows_the_remedy_first_and_fits_a_phone(
    live_server, bob, corp, context, quiet_page, settings, scripted_provider
):
    scripted_provider.client.redirect_uris = [f"https://sso.example/{'long' * 40}"]
    cookie = bob.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    quiet_page.goto(live_server.url + reverse("admin:providers_provider_change", args=[corp.pk]))
    quiet_page.get_by_role("link", name="Check this provider").click()
    quiet_page.get_by_role("button", name="Check this provider").click()
    expect(quiet_page.get_by_role("heading", name="People cannot sign in")).to_be_visible()
    finding = quiet_page.locator("[data-code=redirect_uri_not_registered]")
    expect(finding).to_contain_text("Register exactly the redirect URI")
    screenshot(quiet_page, "admin_preflight")
    quiet_page.emulate_media(color_scheme="dark")
    quiet_page.set_viewport_size({"width": 390, "height": 800})
    assert quiet_page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(quiet_page, "admin_preflight_phone")
    scripted_provider.client.redirect_uris = None
    quiet_page.get_by_role("button", name="Check again").click()
    expect(quiet_page.get_by_role("heading", name="Nothing stands in the way")).to_be_visible()
