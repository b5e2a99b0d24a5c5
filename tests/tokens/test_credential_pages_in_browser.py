"""Registering a bot's credentials and trying a token, as an administrator does it in Chromium."""

import json
import time

import pytest
from assertions import Signer
from playwright.sync_api import expect
from tokens_cast import BASE_URL

from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.support.browser import screenshot
from tokens.bots.services import save_bot
from tokens.models import Bot, Credential

SUBJECT = "system:serviceaccount:data:ingestion"


@pytest.fixture
def admin_page(quiet_page, live_server):
    _, password = bootstrap_admin(name="break-glass", by=Actor.command("test"))
    quiet_page.goto(f"{live_server.url}/admin/login/")
    quiet_page.get_by_label("Name").fill("break-glass")
    quiet_page.get_by_label("Password").fill(password)
    quiet_page.get_by_role("button", name="Sign in").click()
    quiet_page.wait_for_url(lambda url: "/login/" not in url)
    return quiet_page


def test_a_workload_is_trusted_and_its_token_tried(admin_page, live_server):
    page, signer = admin_page, Signer()
    bot = save_bot(bot=Bot(name="ingestion-bot"), grants=[], by=Actor.command("test"))
    page.goto(f"{live_server.url}/admin/tokens/bot/{bot.pk}/change/")
    expect(page.get_by_text("It has no credential, and so cannot fetch tokens.")).to_be_visible()
    page.get_by_role("link", name="Trust a workload").click()
    page.get_by_label("Issuer").fill("https://kubernetes.example")
    page.get_by_label("Audience").fill(BASE_URL)
    page.get_by_label("Subject").fill("system:serviceaccount:*")
    page.get_by_label("Keys of the platform").fill(json.dumps(signer.jwks))
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("workloads of strangers")).to_be_visible()
    screenshot(page, "bot_trust_refused")
    page.get_by_label("Subject").fill(SUBJECT)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("Workload of ingestion-bot: registered.")).to_be_visible()
    expect(page.locator("#credentials")).to_contain_text("Not used yet.")
    screenshot(page, "bot_credentials")

    credential = Credential.objects.get()
    page.goto(f"{live_server.url}/admin/tokens/credential/{credential.pk}/change/")
    page.get_by_role("link", name="Try a token").click()
    claims = {
        "iss": "https://kubernetes.example",
        "sub": SUBJECT,
        "aud": BASE_URL,
        "exp": int(time.time()) + 60,
    }
    for changes, verdict in (({}, "This token is let in."), ({"aud": "x"}, "This token is not let in.")):
        page.get_by_label("Token").fill(signer.sign({**claims, **changes}))
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("heading", name=verdict)).to_be_visible()
    screenshot(page, "bot_token_tried")
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(page, "bot_token_tried_phone")
