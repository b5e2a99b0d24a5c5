"""The token doctor's page in a browser."""

from django.test import Client
from tokens_cast import PASSWORD_BACKEND

from tests.support.browser import screenshot
from tokens.models import Bot


def test_the_doctor_looks_right_in_light_and_dark_and_on_a_phone(live_server, quiet_page, people, settings):
    client = Client()
    client.force_login(people["bob"], PASSWORD_BACKEND)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    quiet_page.context.add_cookies([cookie])
    for name, scheme, width in [("light", "light", 1200), ("dark", "dark", 1200), ("phone", "light", 360)]:
        quiet_page.emulate_media(color_scheme=scheme)
        quiet_page.set_viewport_size({"width": width, "height": 800})
        quiet_page.goto(f"{live_server.url}/token-doctor")
        quiet_page.get_by_role("textbox", name="Token").fill("Bearer eyJhbGciOiJub25lIn0.e30.")
        quiet_page.get_by_role("button", name="Examine").click()
        quiet_page.get_by_role("heading", name="The token does not count").wait_for()
        assert quiet_page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(quiet_page, f"token-doctor-{name}")
    assert not Bot.objects.exists()
