"""What ends and what has changed, as Chromium sees it under the strict policy, on a phone too."""

from django.utils import timezone
from playwright.sync_api import expect

from providers.models import DiscoveryDrift
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.ssoconsole.console.expiry import things_that_end as things
from tests.support.browser import screenshot


def test_the_pages_break_no_policy_and_fit_a_phone(quiet_page, live_server):
    _, password = bootstrap_admin(name="break-glass", by=Actor.command("test"))
    corp = things.provider(tls_not_after=things.ahead(days=5))
    things.client_secret(days=20)
    changes = {
        "token_endpoint": {
            "before": "https://corp.example/" + "token" * 20,
            "after": "https://elsewhere.example/token",
        }
    }
    DiscoveryDrift.objects.create(
        provider=corp, document={}, changes=changes, found_at=timezone.now(), seen_at=timezone.now()
    )
    quiet_page.goto(f"{live_server.url}/admin/login/")
    quiet_page.get_by_label("Name").fill("break-glass")
    quiet_page.get_by_label("Password").fill(password)
    quiet_page.get_by_role("button", name="Sign in").click()
    expect(quiet_page.get_by_text("Corp SSO has changed")).to_be_visible()
    quiet_page.get_by_role("link", name="Ending soon").click()
    expect(quiet_page.get_by_role("heading", name="Ending soon")).to_be_visible()
    screenshot(quiet_page, "ending_soon")
    quiet_page.set_viewport_size({"width": 375, "height": 800})
    for path in ("ending-soon", f"providers/provider/{corp.pk}/change/"):
        quiet_page.goto(f"{live_server.url}/admin/{path}")
        expect(quiet_page.locator("h1")).to_have_count(1)
        screenshot(quiet_page, f"phone_{path.split('/')[0]}")
