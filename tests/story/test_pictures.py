"""
The pictures of the documentation, taken while an administrator does what the tutorial says.

`make pictures` puts them into docs/images. Otherwise they go to a folder of the test.
"""

import os
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from providers.models import SignInAttempt
from ssoconsole.first_run.demonstration import prepare_demo_bot
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.ssoconsole.pages.pages_cast import provider
from tests.support.browser import sign_in_at_real_provider
from tests.support.servers import ROOT
from tests.support.small_png import small_png
from tokens.models import Bot, TokenRecord
from tokens.records.revocation import revoke_token

pytestmark = pytest.mark.django_db(transaction=True)

IMAGES = ROOT / "docs" / "images"
WIDTH, MOST_BYTES = 1280, 100_000
NAMES = {"sign-in", *(f"provider-{step}" for step in (1, 2, 3, 4)), "refusal", "token-doctor", "new-secret"}
# Addresses of this run become those that a reader will see.
RENAME = """(names) => {
    const renamed = text => names.reduce((left, [from, to]) => left.replaceAll(from, to), text);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) walker.currentNode.data = renamed(walker.currentNode.data);
    window.typed = [...document.querySelectorAll("input, textarea")].map(field => [field, field.value]);
    for (const [field, value] of window.typed) if (renamed(value) !== value) field.value = renamed(value);
}"""
# What is typed goes on as it was.
RESTORE = "for (const [field, value] of window.typed) if (field.value !== value) field.value = value"


@pytest.fixture
def picture(live_server, real_provider, tmp_path, quiet_page, context):
    """Take one of the page that is shown, from its top."""
    folder = IMAGES if os.environ.get("PICTURES") else tmp_path
    names = [(live_server.url, "http://localhost:8000"), (real_provider.issuer, "https://login.example.com")]

    blank = context.new_page()  # the policy of the console's pages is not for it

    def take(name, height=800):
        quiet_page.set_viewport_size({"width": WIDTH, "height": height})
        quiet_page.evaluate(RENAME, names)
        quiet_page.evaluate("scrollTo(0, 0)")
        data = small_png(blank, quiet_page.screenshot(caret="hide"))
        (folder / f"{name}.png").write_bytes(data)
        quiet_page.evaluate(RESTORE)
        assert len(data) < MOST_BYTES, f"{name} has {len(data)} bytes"

    return take


@pytest.fixture
def admin_page(live_server, settings, quiet_page):
    """Signed in with the one-time password, at the first page of the admin."""
    settings.BASE_URL = live_server.url
    user, password = bootstrap_admin(name="admin", by=Actor.command("test"))
    quiet_page.emulate_media(color_scheme="light", reduced_motion="reduce")
    quiet_page.goto(f"{live_server.url}/admin/")
    quiet_page.get_by_label("Name").fill(user.username)
    quiet_page.get_by_label("Password").fill(password)
    quiet_page.get_by_role("button", name="Sign in").click()
    quiet_page.get_by_role("heading", name="Administration").wait_for()
    return quiet_page


def test_a_provider_is_registered_in_four_steps(admin_page, picture, live_server, real_provider):
    demonstration = provider("demo", name="Demonstration provider")
    client = real_provider.register_client("console-basic", live_server.url, "example")
    admin_page.goto(f"{live_server.url}/admin/providers/provider/register")
    admin_page.get_by_label("Issuer:", exact=True).fill(real_provider.issuer)
    picture("provider-1")
    admin_page.get_by_role("button", name="Read what it publishes").click()
    admin_page.get_by_label("Client ID:", exact=True).fill(client["client_id"])
    admin_page.get_by_label("Client secret:", exact=True).fill(client["client_secret"])
    admin_page.get_by_label("Name:", exact=True).fill("Example Corp")
    admin_page.get_by_label("Slug:", exact=True).fill("example")
    picture("provider-2", 1000)
    admin_page.get_by_role("button", name="Save as a draft").click()
    admin_page.get_by_role("button", name="Check and rehearse").click()
    sign_in_at_real_provider(admin_page, "alice")
    expect(admin_page.get_by_role("heading", name="This sign-in would succeed.")).to_be_visible()
    picture("provider-3")
    admin_page.get_by_role("button", name="Switch it on").click()
    expect(admin_page.get_by_role("heading", name="People can sign in through")).to_be_visible()
    picture("provider-4")
    admin_page.get_by_role("button", name="Sign out").first.click()
    admin_page.wait_for_url("**/signed-out**")
    admin_page.goto(f"{live_server.url}/signin?choose=1")
    expect(admin_page.get_by_role("link", name=demonstration.name)).to_be_visible()
    picture("sign-in", 640)


def test_a_refused_sign_in_is_explained(admin_page, picture, live_server):
    now = timezone.now()
    SignInAttempt.objects.create(
        reference="canyon-cliff-viable",
        provider=provider("login", name="Example", issuer="https://login.example.com"),
        state_hash="x",
        stage="id_token",
        outcome="issuer_mismatch",
        expected="https://login.example.com",
        received="https://login.example.com/",
        started_at=now,
        consumed_at=now,
        finished_at=now,
        trace={"timings": {"token": 12, "id_token": 2}},
        address="192.0.2.1",
        user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    )
    admin_page.get_by_label("Find anything").fill("Canyon cliff viable")
    admin_page.get_by_role("button", name="Find", exact=True).click()
    admin_page.get_by_role("heading", name="Refused: issuer_mismatch").wait_for()
    picture("refusal")


def test_a_bot_gets_a_secret_and_the_doctor_examines_its_revoked_token(admin_page, picture, live_server):
    prepare_demo_bot()
    bot = Bot.objects.get()
    admin_page.goto(f"{live_server.url}/admin/tokens/bot/{bot.pk}/new-token")
    admin_page.get_by_role("button", name="Issue the token").click()
    token = admin_page.get_by_label("Token", exact=True).input_value()
    revoke_token(record=TokenRecord.objects.get(), by=Actor("user", "admin"))
    admin_page.goto(f"{live_server.url}/token-doctor")
    admin_page.get_by_role("textbox", name="Token").fill(token)
    admin_page.get_by_role("button", name="Examine").click()
    admin_page.get_by_role("heading", name="The token does not count").wait_for()
    picture("token-doctor")
    admin_page.goto(f"{live_server.url}/admin/tokens/bot/{bot.pk}/new-secret")
    admin_page.get_by_label("Label:", exact=True).fill("nightly export")
    admin_page.get_by_role("button", name="Make a secret").click()
    admin_page.get_by_role("button", name="Copy").first.wait_for()
    picture("new-secret")


def test_the_documents_show_each_picture_and_no_other():
    shown = set()
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        shown |= set(re.findall(r"!\[.+?\]\((?:docs/)?images/([\w-]+)\.png\)", path.read_text()))
    assert shown == NAMES
    assert {path.stem for path in IMAGES.iterdir()} == NAMES
    assert [path for path in IMAGES.iterdir() if path.stat().st_size >= MOST_BYTES] == []
