"""The whole story by the keyboard alone, and once without a script: register, rehearse, switch on, sign in and out."""

import pytest
from playwright.sync_api import expect

from providers.models import ConsoleSession, Provider
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.support.browser import Watch, sign_in_at_real_provider

pytestmark = pytest.mark.django_db(transaction=True)
MOST_TABS = 120


@pytest.fixture
def console(live_server, settings):
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def administrator():
    return bootstrap_admin(name="admin", by=Actor.command("test"))


@pytest.fixture
def client(real_provider, console):
    """At the provider, for the slug that the console proposes."""
    slug = "127-0-0-1-" + real_provider.issuer.rpartition(":")[2]
    return real_provider.register_client("console-basic", console, slug)


class Keyboard:
    """Somebody who has no pointer: Tab from where the page begins, and what is in focus can be seen."""

    def __init__(self, page):
        self.page = page

    def is_at(self, selector):
        return self.page.evaluate("selector => document.activeElement.matches(selector)", selector)

    def go_to(self, selector):
        self.page.locator(selector).first.wait_for()
        for _ in range(MOST_TABS):
            if self.is_at(selector):
                break
            self.page.keyboard.press("Tab")
        assert self.is_at(selector), f"{selector} is not reached by Tab"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert self.page.evaluate(outline) != "none", f"{selector}: what is in focus cannot be seen"

    def press(self, selector, key="Enter"):
        self.go_to(selector)
        self.page.keyboard.press(key)

    def type(self, selector, text):
        self.go_to(selector)
        self.page.keyboard.type(text)


def test_by_the_keyboard_alone(quiet_page, console, administrator, real_provider, client):
    keys, (user, password) = Keyboard(quiet_page), administrator
    quiet_page.goto(f"{console}/admin/")
    keys.type("#id_username", user.username)
    keys.type("#id_password", password)
    quiet_page.keyboard.press("Enter")

    keys.press('#content-main a[href$="/provider/register"]')
    quiet_page.get_by_role("button", name="Read what it publishes").wait_for()
    expect(quiet_page.locator("#id_issuer")).to_be_focused()
    quiet_page.keyboard.type(real_provider.issuer)
    quiet_page.keyboard.press("Enter")
    quiet_page.get_by_role("button", name="Save as a draft").wait_for()
    expect(quiet_page.locator("#id_client_id")).to_be_focused()
    quiet_page.keyboard.type(client["client_id"])
    keys.type("#id_client_secret", client["client_secret"])
    quiet_page.keyboard.press("Enter")
    keys.press('button[value="try"]')

    keys.type("[name=login]", "alice")
    keys.type("[name=password]", "any")
    quiet_page.keyboard.press("Enter")
    quiet_page.get_by_role("button", name="Allow").wait_for()
    keys.press('button[value="yes"]')
    quiet_page.get_by_role("heading", name="This sign-in would succeed.").wait_for()
    keys.press('button[value="on"]', "Space")
    quiet_page.get_by_role("heading", name="People can sign in through").wait_for()
    keys.press("#logout-form button")
    quiet_page.get_by_role("heading", name="You are signed out").wait_for()

    keys.press("main a")
    keys.press('a[href^="/signin/127-0-0-1"]')
    quiet_page.get_by_text("alice@corp.example").first.wait_for()
    assert ConsoleSession.objects.get().user.username == "alice@corp.example"
    keys.press('form[action="/signout"] button')
    quiet_page.get_by_role("button", name="Yes, sign me out").wait_for()
    keys.press('button[name="logout"]')
    quiet_page.get_by_role("heading", name="You are signed out").wait_for()
    assert ConsoleSession.objects.get().ended_at


def test_without_a_script(browser, console, administrator, real_provider, client):
    context = browser.new_context(java_script_enabled=False)
    watch, page = Watch(context), context.new_page()
    user, password = administrator
    page.goto(f"{console}/admin/")
    page.get_by_label("Name").fill(user.username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()

    page.locator('#content-main a[href$="/provider/register"]').click()
    page.get_by_label("Issuer:").fill(f" {real_provider.issuer}/.well-known/openid-configuration")
    page.get_by_role("button", name="Read what it publishes").click()
    expect(page.get_by_text("was left out")).to_be_visible()
    page.get_by_label("Client ID:").fill(client["client_id"])
    page.get_by_label("Client secret:").fill(client["client_secret"])
    page.get_by_label("Name:").fill("")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_text("What you gave is kept")).to_be_visible()
    page.get_by_label("Name:").fill("Corp SSO")
    page.get_by_role("button", name="Save as a draft").click()
    page.get_by_role("button", name="Check and rehearse").click()
    sign_in_at_real_provider(page, "alice")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("heading", name="People can sign in through Corp SSO")).to_be_visible()
    assert Provider.objects.get().client_secret == client["client_secret"]
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{console}/")
    page.get_by_role("link", name="Corp SSO").click()
    expect(page.get_by_text("alice@corp.example").first).to_be_visible()
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert ConsoleSession.objects.get().ended_at
    assert watch.complaints() == []
    context.close()
