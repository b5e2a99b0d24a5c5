"""In a real browser: a change on trial, its history, and the way back, also on a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from providers.models import Provider

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def change_page(live_server, bob, corp, context, quiet_page, settings):
    """Bob's browser on the page of corp."""
    settings.BASE_URL = live_server.url
    cookie = bob.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    quiet_page.goto(live_server.url + reverse("admin:providers_provider_change", args=[corp.pk]))
    return quiet_page


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_change_goes_on_trial_and_is_taken_back(change_page):
    page = change_page
    page.get_by_label("Leeway").evaluate(
        "field => { field.closest('details').open = true; field.value = '30' }"
    )
    page.get_by_label("Keep it").select_option("10")
    page.get_by_role("button", name="Save and continue editing").first.click()
    expect(page.get_by_role("heading", name="On trial: 9\xa0minutes left")).to_be_visible()
    page.set_viewport_size(PHONE)
    page.get_by_role("link", name="Configuration history").click()
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("row", name="leeway 60 30")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Restore this version").last.click()
    expect(page.get_by_role("row", name="leeway 30 60")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Corp SSO").click()
    page.get_by_role("link", name="Roll back now").click()
    page.get_by_role("button", name="Roll back now").click()
    expect(page.get_by_text("Corp SSO is rolled back.")).to_be_visible()
    assert Provider.objects.get().leeway == 60


def test_enter_in_a_field_saves_and_fetches_nothing(change_page):
    fetched = Provider.objects.get().discovery_fetched_at
    change_page.locator("#id_name").fill("Corporation")
    change_page.locator("#id_name").press("Enter")
    expect(change_page.get_by_text("was changed successfully")).to_be_visible()
    row = Provider.objects.get()
    assert (row.name, row.discovery_fetched_at) == ("Corporation", fetched)
    assert change_page.url.endswith("/admin/providers/provider/")
