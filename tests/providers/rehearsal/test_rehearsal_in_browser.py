"""In a real browser, under the console's own policy: a rehearsal opens a tab, and changes no row but its traces."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from providers.models import Provider
from tests.providers.rehearsal.stage import TRACES, every_row
from tests.support.browser import screenshot

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(live_server, bob, context, quiet_page, settings):
    """Bob's browser; whatever it opens is watched too."""
    settings.BASE_URL = live_server.url
    cookie = bob.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return quiet_page


@pytest.fixture
def form_page(admin, live_server, corp):
    admin.goto(live_server.url + reverse("admin:providers_provider_change", args=[corp.pk]))
    return admin


def rehearse(page):
    """Press the button; the tab that it opens, when it is back from the provider."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Rehearse sign-in").click()
    tab = opened.value
    tab.get_by_role("heading", name=re.compile("This sign-in would")).wait_for()
    return tab


def test_it_changes_no_row_but_its_traces(form_page, context, op):
    form_page.get_by_label("Group rules").fill("staff => Staff")
    form_page.get_by_label("Admin principals").fill("alice@corp.example")
    before, cookies = every_row(apart_from=TRACES), {c["name"] for c in context.cookies()}
    tab = rehearse(form_page)
    expect(tab.get_by_role("heading", name="This sign-in would succeed.")).to_be_visible()
    expect(tab.get_by_text("yes, and was not before")).to_be_visible()
    assert every_row(apart_from=TRACES) == before
    assert {c["name"] for c in context.cookies()} - cookies <= {"signin"}
    assert op.violations == []
    # The form is as it was typed, and may be saved now.
    form_page.get_by_role("button", name="Save", exact=True).first.click()
    form_page.get_by_text("was changed successfully").wait_for()
    assert Provider.objects.get().admin_principals == ["alice@corp.example"]


def test_an_unsaved_new_provider_comes_back_by_a_posted_form(admin, live_server, op):
    op.id_token.claims.update(email="alice@corp.example")
    admin.goto(live_server.url + reverse("admin:providers_provider_add"))
    for label, value in {
        "Name": "Corp SSO",
        "Slug": "corp",
        "Issuer": op.issuer,
        "Client ID": op.client.client_id,
        "Client secret": op.client.client_secret,
    }.items():
        admin.get_by_label(f"{label}:", exact=True).fill(value)
    admin.get_by_label("Response type").select_option("id_token")
    before = every_row(apart_from=TRACES)
    expect(rehearse(admin).get_by_text("alice@corp.example, new")).to_be_visible()
    assert every_row(apart_from=TRACES) == before
    assert not Provider.objects.exists()


@pytest.mark.parametrize(
    ("look", "width", "scheme"), [("light", 1100, "light"), ("dark", 1100, "dark"), ("phone", 390, "light")]
)
def test_the_page_fits_and_can_be_seen(form_page, op, look, width, scheme):
    op.id_token.append("aud")
    tab = rehearse(form_page)
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 844})
    screenshot(tab, f"rehearsal-{look}")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_what_was_not_rehearsed_is_explained_in_the_form(form_page):
    form_page.get_by_label("Self signup").uncheck()
    form_page.get_by_role("button", name="Save", exact=True).first.click()
    expect(form_page.get_by_role("heading", name="this wants a rehearsal")).to_be_visible()
    screenshot(form_page, "rehearsal-wanted")
    form_page.get_by_label("Save anyway").check()
    form_page.get_by_role("button", name="Save", exact=True).first.click()
    form_page.get_by_text("was changed successfully").wait_for()
    assert not Provider.objects.get().self_signup
