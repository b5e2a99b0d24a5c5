"""The page of a new secret in a browser: it looks for the first call by itself, gently, and gives up."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect
from tokens_cast import OAuth

from tests.support.browser import screenshot
from tests.tokens.pages.test_first_call import browser_of


@pytest.fixture
def window(quiet_page, context, live_server, people):
    """Bob's."""
    browser = browser_of(people["bob"])
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": browser.cookies[name].value, "url": live_server.url}])
    yield quiet_page
    quiet_page.goto("about:blank")  # it looks no more


@pytest.fixture
def waiting(window, live_server, bot):
    window.clock.install()
    window.goto(f"{live_server.url}/admin/tokens/bot/{bot.pk}/new-secret")
    window.get_by_role("button", name="Make a secret").click()
    expect(window.get_by_role("status")).to_have_text("Waiting for the first call …")
    return window


def test_it_turns_green_by_itself(waiting, bot):
    screenshot(waiting, "first_call_waiting")
    client_secret = waiting.get_by_label("client_secret").input_value()
    assert OAuth().token((bot.name, client_secret)).status_code == 200
    waiting.clock.run_for(10_000)
    status = waiting.get_by_role("status")
    expect(status).to_have_text(re.compile(r"^First call: [\d-]{10} [\d:]{8} UTC, from 127\.0\.0\.1\.$"))
    expect(status).to_have_class(re.compile(r"\bgood\b"))
    screenshot(waiting, "first_call_came")


def test_it_looks_gently_and_gives_up(waiting):
    looks = []
    waiting.on("request", lambda request: looks.append(request.url) if "/use-of/" in request.url else None)
    status = waiting.get_by_role("status")
    for _ in range(300):
        waiting.clock.run_for(5_000)
        waiting.wait_for_timeout(20)
        if "Waiting" not in status.text_content():
            break
    expect(status).to_contain_text("No call in ten minutes")
    assert 2 <= len(looks) < 60
    assert len(set(looks)) == 1


def test_it_stops_when_the_sign_in_is_over(waiting, context):
    context.clear_cookies()
    waiting.clock.run_for(4_000)
    expect(waiting.get_by_role("status")).to_contain_text("no longer sees")
