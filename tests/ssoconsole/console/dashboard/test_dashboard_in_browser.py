"""How the console stands, as Chromium shows it: a number leads to its rows, and nothing is too wide for a phone."""

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from providers.models import SignInAttempt
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password, provider
from tests.support.browser import screenshot


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 360)])
def test_a_number_leads_to_its_rows(quiet_page, live_server, client, scheme, width):
    corp = provider()
    for number in range(3):
        SignInAttempt.objects.create(
            provider=corp,
            reference=f"red-red-{number}",
            outcome="insufficient_user_authentication",
            started_at=timezone.now(),
        )
    SignInAttempt.objects.create(
        provider=corp, reference="blue-blue-blue", outcome="ok", started_at=timezone.now()
    )
    come_in_by_password(client, administrator())
    name = settings.SESSION_COOKIE_NAME
    quiet_page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
    )
    quiet_page.emulate_media(color_scheme=scheme)
    quiet_page.set_viewport_size({"width": width, "height": 900})
    quiet_page.goto(f"{live_server.url}/admin/")
    table = quiet_page.get_by_role("table", name="Sign-ins in 14 days")
    expect(table.get_by_role("row")).to_have_count(15)
    expect(table.locator("svg rect")).to_have_count(2)
    assert quiet_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(quiet_page, f"admin_dashboard_{scheme}_{width}")
    table.get_by_role("link", name="3", exact=True).click()
    expect(quiet_page.get_by_text("red-red-")).to_have_count(3)
    expect(quiet_page.get_by_text("blue-blue-blue")).to_have_count(0)
