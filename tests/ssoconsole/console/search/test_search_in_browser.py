"""The box of the admin with a keyboard alone, and without a script."""

import pytest
from django.conf import settings

from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password
from tokens.models import Bot


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_it_is_reached_and_used_by_keys(live_server, browser, client, script):
    bot = Bot.objects.create(name="nightly-export")
    come_in_by_password(client, administrator("bob"))
    context = browser.new_context(java_script_enabled=script)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/")
    for _ in range(3):  # past the link to the content, and the name of the site
        page.keyboard.press("Tab")
    page.keyboard.type("nightly-export")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/admin/tokens/bot/{bot.pk}/change/")
    context.close()
