"""The trace of a refused sign-in on a wide screen, in the dark and on a phone, and the way from it to the field."""

from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from providers.models import SignInAttempt
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password, provider
from tests.support.browser import screenshot


def test_the_trace_is_read_in_light_and_dark_and_on_a_phone(live_server, quiet_page, settings):
    bob = Client()
    come_in_by_password(bob, administrator("bob"))
    SignInAttempt.objects.create(
        reference="canyon-cliff-viable",
        provider=provider(),
        state_hash="x",
        stage="id_token",
        outcome="issuer_mismatch",
        expected="https://idp.example/realms/a-realm-with-a-name-that-is-rather-long",
        received="https://idp.example/realms/a-realm-with-a-name-that-is-rather-long/",
        started_at=timezone.now(),
        consumed_at=timezone.now(),
        finished_at=timezone.now(),
        trace={"timings": {"token": 12, "id_token": 2}},
        claims=f'{{"sub": "{"x" * 120}"}}',
        address="192.0.2.1",
        user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    )
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": bob.cookies[name].value, "url": live_server.url}
    quiet_page.context.add_cookies([cookie])
    for name, scheme, width in [("light", "light", 1200), ("dark", "dark", 1200), ("phone", "light", 360)]:
        quiet_page.emulate_media(color_scheme=scheme)
        quiet_page.set_viewport_size({"width": width, "height": 900})
        quiet_page.goto(f"{live_server.url}/admin/")
        quiet_page.get_by_label("Find anything").fill("Canyon cliff viable")
        quiet_page.get_by_role("button", name="Find", exact=True).click()
        quiet_page.get_by_role("heading", name="Refused: issuer_mismatch").wait_for()
        assert quiet_page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(quiet_page, f"trace-{name}")
    quiet_page.get_by_role("link", name="Mend this").click()
    issuer = quiet_page.get_by_label("Issuer:", exact=True)
    expect(issuer).to_be_focused()
    expect(issuer).to_be_in_viewport()
    expect(issuer).to_have_value("https://idp.example/realms/a-realm-with-a-name-that-is-rather-long/")
    expect(quiet_page.get_by_role("heading", name="Filled in: Issuer")).to_be_attached()
    assert quiet_page.evaluate("document.documentElement.scrollWidth") <= 360
