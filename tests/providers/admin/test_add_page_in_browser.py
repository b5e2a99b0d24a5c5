"""In a real browser, under the console's own policy: the guide follows what is typed, and fits the screen."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def add_page(live_server, bob, context, quiet_page, settings):
    """Bob's browser on the page to add a provider."""
    settings.BASE_URL = live_server.url
    cookie = bob.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    quiet_page.goto(live_server.url + reverse("admin:providers_provider_add"))
    return quiet_page


def test_the_values_are_made_of_the_slug_while_it_is_typed(add_page, live_server):
    expect(add_page.get_by_label("Kind")).to_be_focused()
    value = add_page.get_by_label("Redirect URI", exact=True)
    copy = add_page.get_by_role("button", name="Copy Redirect URI", exact=True)
    expect(value).to_have_value(f"{live_server.url}/callback/<slug>")
    expect(copy).to_be_disabled()
    add_page.get_by_label("Slug").fill("corp")
    expect(value).to_have_value(f"{live_server.url}/callback/corp")
    expect(copy).to_be_enabled()
    add_page.get_by_label("Slug").fill("Corp SSO")
    expect(value).to_have_value(f"{live_server.url}/callback/<slug>")
    add_page.get_by_label("Callback").select_option("shared")
    expect(value).to_have_value(f"{live_server.url}/callback")


def test_the_guide_of_the_chosen_kind_is_unfolded(add_page):
    onelogin = add_page.get_by_label("Redirect URI's")
    expect(onelogin).to_be_hidden()
    add_page.get_by_label("Kind").select_option("onelogin")
    expect(onelogin).to_be_visible()
    expect(add_page.get_by_label("Redirect URI", exact=True)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_guide_is_beside_the_form_on_a_wide_screen_and_a_link_away_on_a_phone(add_page, scheme):
    add_page.emulate_media(color_scheme=scheme)
    guide, form = add_page.locator(".setup-guide"), add_page.locator("#provider_form")
    add_page.set_viewport_size({"width": 1440, "height": 900})
    assert guide.bounding_box()["x"] >= form.bounding_box()["x"] + form.bounding_box()["width"]
    add_page.set_viewport_size({"width": 390, "height": 800})
    assert form.bounding_box()["y"] + form.bounding_box()["height"] <= guide.bounding_box()["y"]
    add_page.get_by_role("link", name="What to do at the provider").click()
    expect(guide.get_by_role("heading", name="At the provider")).to_be_in_viewport()
    assert add_page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_slug_follows_the_name_until_it_is_typed(add_page):
    name, slug = add_page.get_by_label("Name:", exact=True), add_page.get_by_label("Slug")
    name.fill("Société Générale: SSO ")
    expect(slug).to_have_value("societe-generale-sso")
    slug.fill("mine")
    name.fill("Another")
    expect(slug).to_have_value("mine")


def test_the_usual_values_of_the_kind_go_where_nobody_has_typed(add_page):
    add_page.get_by_label("Scopes").fill("openid")
    add_page.get_by_label("Kind").select_option("onelogin")
    expect(add_page.get_by_label("Token endpoint auth method")).to_have_value("none")
    expect(add_page.get_by_label("Name:", exact=True)).to_have_value("OneLogin")
    expect(add_page.get_by_label("Slug")).to_have_value("onelogin")
    expect(add_page.get_by_label("Scopes")).to_have_value("openid")
    add_page.get_by_label("Kind").select_option("custom-oidc")
    expect(add_page.get_by_label("Token endpoint auth method")).to_have_value("client_secret_basic")
    expect(add_page.get_by_label("Name:", exact=True)).to_have_value("")
    expect(add_page.get_by_label("Scopes")).to_have_value("openid")
