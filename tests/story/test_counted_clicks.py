"""From `make run` to a second provider that works, and to a bot's first token: the fields and clicks are counted."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from providers.models import Provider
from ssoconsole.first_run.demonstration import AUDIENCE, prepare_demo_bot
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.ssoconsole.pages.pages_cast import provider
from tests.support.browser import sign_in_at_real_provider
from tests.support.leaks import assert_without
from tokens.models import TokenRecord

pytestmark = pytest.mark.django_db(transaction=True)


class Hand:
    """An administrator's hand at the console, which counts; what is done at the provider does not count."""

    def __init__(self, page):
        self.page, self.typed, self.clicks = page, 0, 0

    def type(self, label, value):
        """Into a field; that a page begins in it is for the page to see to."""
        self.typed += 1
        self.page.get_by_label(label, exact=True).fill(value)

    def choose(self, label, option):
        self.typed += 1
        self.page.get_by_label(label, exact=True).locator("visible=true").select_option(label=option)

    def click(self, role, name, within=None):
        self.clicks += 1
        (within or self.page).get_by_role(role, name=name, exact=True).click()


@pytest.fixture
def hand(live_server, settings, quiet_page):
    """Signed in with the one-time password, at the first page of the admin."""
    settings.BASE_URL = live_server.url
    user, password = bootstrap_admin(name="admin", by=Actor.command("test"))
    quiet_page.goto(f"{live_server.url}/admin/")
    quiet_page.get_by_label("Name").fill(user.username)
    quiet_page.get_by_label("Password").fill(password)
    quiet_page.get_by_role("button", name="Sign in").click()
    quiet_page.get_by_role("heading", name="Administration").wait_for()
    return Hand(quiet_page)


def add_in(page, model):
    return page.locator(f"#content-main .model-{model}")


def test_a_second_provider_takes_three_fields_and_five_clicks(hand, live_server, real_provider):
    provider("demo")  # the first one
    page, url = hand.page, live_server.url
    client = real_provider.register_client(
        "console-basic", url, "127-0-0-1-" + real_provider.issuer.rpartition(":")[2]
    )

    hand.click("link", "Add", add_in(page, "provider"))
    expect(page.get_by_label("Issuer:", exact=True)).to_be_focused()
    hand.type("Issuer:", real_provider.issuer)
    hand.click("button", "Read what it publishes")
    expect(page.get_by_label("Client ID:", exact=True)).to_be_focused()
    hand.type("Client ID:", client["client_id"])
    hand.type("Client secret:", client["client_secret"])
    hand.click("button", "Save as a draft")
    assert_without(page.content(), client["client_secret"])
    assert page.goto(f"{url}/signin?choose=1")
    expect(page.get_by_role("link", name="127.0.0.1")).to_have_count(0)
    page.go_back()
    hand.click("button", "Check and rehearse")
    sign_in_at_real_provider(page, "alice")
    expect(page.get_by_role("heading", name="This sign-in would succeed.")).to_be_visible()
    hand.click("button", "Switch it on")
    expect(page.get_by_role("heading", name="People can sign in through")).to_be_visible()
    assert (hand.typed, hand.clicks) == (3, 5)

    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/signed-out**")
    page.goto(f"{url}/")
    page.get_by_role("link", name="127.0.0.1").click()  # where she is signed in since the rehearsal
    page.get_by_text("alice@corp.example").first.wait_for()
    assert get_user_model().objects.get(username="alice@corp.example").identities.get().provider.enabled
    assert Provider.objects.enabled().count() == 2


def test_a_bot_s_first_token_takes_two_fields_and_four_clicks(hand, db):
    prepare_demo_bot()  # as `make run` does, with the API that it is for
    page = hand.page
    hand.click("link", "Add", add_in(page, "bot"))
    expect(page.get_by_label("Name:", exact=True)).to_be_focused()
    hand.type("Name:", "nightly")
    hand.choose("Audience:", "Demonstration API")
    hand.click("button", "Save")
    hand.click("link", "Issue a token")
    hand.click("button", "Issue the token")
    token = page.get_by_label("Token", exact=True).input_value()
    assert token.count(".") == 2
    assert (hand.typed, hand.clicks) == (2, 4)
    record = TokenRecord.objects.get()
    assert (record.bot.name, record.audience.identifier) == ("nightly", AUDIENCE)
