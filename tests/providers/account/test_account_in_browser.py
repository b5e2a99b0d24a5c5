"""The account page in Chromium: its buttons work under the strict policy, also the one that leaves for a provider."""

import pytest

from providers.models import ConsoleSession, Identity
from tests.providers.signin.journey import Browser, register
from tests.support.browser import screenshot

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(live_server, settings):
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def alice_page(console, scripted_provider, quiet_page):
    register(scripted_provider)
    register(scripted_provider, slug="other", session_refresh="prompt_none")
    scripted_provider.sid = "sid-1"
    Browser().sign_in(scripted_provider)
    quiet_page.goto(f"{console}/signin/corp?next=/account")
    quiet_page.get_by_role("heading", name="Your account").wait_for()
    return quiet_page


@pytest.mark.parametrize(
    ("look", "width", "scheme"), [("light", 1100, "light"), ("dark", 1100, "dark"), ("phone", 390, "light")]
)
def test_it_fits_and_can_be_seen(alice_page, look, width, scheme):
    alice_page.emulate_media(color_scheme=scheme)
    alice_page.set_viewport_size({"width": width, "height": 844})
    screenshot(alice_page, f"account-{look}")
    assert alice_page.evaluate("document.documentElement.scrollWidth") <= width


def test_another_account_is_connected_and_disconnected(alice_page, scripted_provider):
    scripted_provider.person |= {"sub": "subject-b", "email": "a.lice@b.example"}
    alice_page.get_by_role("button", name="Other SSO", exact=True).click()
    alice_page.get_by_text("Other SSO is connected.").wait_for()
    assert Identity.objects.get(sub="subject-b").user.username == "alice@corp.example"
    screenshot(alice_page, "account-connected")

    alice_page.get_by_role("button", name="Disconnect Other SSO, a.lice@b.example").click()
    alice_page.get_by_text("Other SSO is disconnected.").wait_for()
    assert Identity.objects.get().sub == "subject-1"


def test_every_other_session_ends(alice_page):
    alice_page.get_by_role("button", name="End all other sessions").click()
    alice_page.get_by_text("This is your only session now.").wait_for()
    assert ConsoleSession.objects.filter(ended_at=None).count() == 1
    alice_page.get_by_role("button", name="Sign out everywhere").click()
    alice_page.wait_for_url("**/signed-out")
    assert not ConsoleSession.objects.filter(ended_at=None).exists()
