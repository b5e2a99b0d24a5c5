"""In a real browser, under the console's own policy: a value is copied with one click, and nothing complains."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def open_page(live_server, bob, corp, context, quiet_page, settings):
    """Bob's browser on the page of a provider."""
    settings.BASE_URL = live_server.url
    cookie = bob.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    quiet_page.goto(live_server.url + reverse("admin:providers_provider_change", args=[corp.pk]))
    return quiet_page


def test_a_click_copies_the_redirect_uri(open_page, context, live_server):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page.get_by_role("button", name="Copy Redirect URI").click()
    open_page.get_by_role("button", name="Copied Redirect URI").wait_for()
    copied = open_page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{live_server.url}/callback/corp"


def test_where_copying_is_not_allowed_the_value_is_selected(open_page):
    open_page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    open_page.get_by_role("button", name="Copy Login URL").click()
    open_page.get_by_role("button", name="Selected Login URL").wait_for()
    assert open_page.evaluate("getSelection().toString()").endswith("/signin")
