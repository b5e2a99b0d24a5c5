"""Django's admin under the strict policy, as Chromium sees it."""

from playwright.sync_api import expect

from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.support.browser import screenshot


def test_the_admin_breaks_no_policy(quiet_page, live_server):
    _, password = bootstrap_admin(name="break-glass", by=Actor.command("test"))
    quiet_page.goto(f"{live_server.url}/admin/login/")
    quiet_page.get_by_label("Name").fill("break-glass")
    quiet_page.get_by_label("Password").fill(password)
    quiet_page.get_by_role("button", name="Sign in").click()
    expect(quiet_page.get_by_text("Break-glass access is open.")).to_be_visible()
    for path in ("accounts/user/", "eventlog/event/?outcome=ok", "auth/group/add/"):
        quiet_page.goto(f"{live_server.url}/admin/{path}")
        expect(quiet_page.locator("h1")).to_have_count(1)
    quiet_page.get_by_label("Name", exact=False).first.fill("Data admins")
    quiet_page.get_by_role("button", name="Save", exact=True).click()
    expect(quiet_page.get_by_text("was added successfully")).to_be_visible()
    screenshot(quiet_page, "admin_groups")
    quiet_page.get_by_role("button", name="Sign out").click()
    expect(quiet_page.get_by_role("heading", name="You are signed out")).to_be_visible()
