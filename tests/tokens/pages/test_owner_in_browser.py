"""Whose a bot is, in a browser: people are offered while one types, and any name can be typed."""

from django.conf import settings
from playwright.sync_api import expect

from tests.tokens.pages.test_owner import ADD, bob, crowd  # noqa: F401 - fixtures


def test_in_a_browser_people_are_offered_and_any_name_can_be_typed(
    quiet_page,
    context,
    live_server,
    bob,  # noqa: F811
    crowd,  # noqa: F811
):
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": bob.cookies[name].value, "url": live_server.url}])
    quiet_page.goto(f"{live_server.url}{ADD}")
    owner = quiet_page.get_by_label("Owner")
    owner.press_sequentially("ali")
    options = quiet_page.locator("#id_owner_people option")
    expect(options).to_have_count(1)
    expect(options).to_have_attribute("value", "alice@corp.example")
    owner.fill("somebody-new")
    quiet_page.get_by_label("Name:").fill("new-bot")
    quiet_page.get_by_role("button", name="Save", exact=True).click()
    expect(quiet_page.get_by_text("The owner somebody-new: None of that name.")).to_be_visible()
