"""In a real browser, under the console's own policy: tabs, options and findings, also on a phone."""

import pytest
from playwright.sync_api import expect

from tests.providers.openmetadata.conftest import registration
from tests.support.browser import screenshot

pytestmark = pytest.mark.django_db(transaction=True)


def test_both_pages_serve_an_administrator_on_a_phone(live_server, bob, context, quiet_page, settings):
    corp = registration()
    cookie = bob.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    quiet_page.goto(f"{live_server.url}/admin/providers/provider/{corp.pk}/openmetadata")
    quiet_page.get_by_role("link", name="Kubernetes").click()
    quiet_page.get_by_label("Address of OpenMetadata").fill("https://metadata.example")
    quiet_page.get_by_role("button", name="Show the files").click()
    expect(quiet_page.get_by_role("link", name="Kubernetes")).to_have_attribute("aria-current", "page")
    values = quiet_page.get_by_role("textbox", name="openmetadata.prod.values.yml")
    assert "https://metadata.example/callback" in values.input_value()
    expect(quiet_page.get_by_role("button", name="Copy openmetadata.prod.values.yml")).to_be_visible()
    screenshot(quiet_page, "openmetadata_config")
    quiet_page.set_viewport_size({"width": 390, "height": 844})
    assert quiet_page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(quiet_page, "openmetadata_config_phone")
    quiet_page.get_by_role("link", name="Check a configuration that you have").click()
    quiet_page.get_by_label("Content").fill("AUTHORIZER_ADMIN_PRINCIPALS=[admin]\n")
    quiet_page.get_by_role("button", name="Check it").click()
    expect(quiet_page.get_by_text("1 to put right")).to_be_visible()
    assert quiet_page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(quiet_page, "openmetadata_lint_phone")
