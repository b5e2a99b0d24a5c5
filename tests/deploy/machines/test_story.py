"""
The whole story through nginx and TLS, with every component killed once while it is being told.

An administrator registers a real provider, a person signs in, a bot gets, shows and loses a token, the person signs
out at both ends. No sticky sessions: whichever console answers, the story goes on.
"""

import pytest

from tests.deploy.machines.parts import wait_until
from tests.support.browser import sign_in_at_real_provider

pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture
def browser_context_args(browser_context_args):
    """The certificate's authority was made a moment ago, and Chromium has not heard of it."""
    return browser_context_args | {"ignore_https_errors": True}


@pytest.fixture
def person(site, quiet_page, watch):
    yield quiet_page
    watch.ignore(r"status of 50[0-9]|net::ERR_")


def bring_back(site, console):
    console.start(wait=False)
    wait_until(lambda: site.ready(console), "the console that was killed")


def administrator_signs_in(page, site):
    lines = dict(line.split(": ", 1) for line in site.manage("bootstrap_admin").splitlines())
    page.goto(f"{site.url}/admin/")
    page.get_by_label("Name").fill(lines["username"])
    page.get_by_label("Password").fill(lines["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site.url}/admin/")


def administrator_registers_the_provider(page, site, provider):
    client = provider.register_client("console-basic", site.url, "corp")
    page.goto(f"{site.url}/admin/providers/provider/add/?kind=custom-oidc")
    for name, value in {
        "name": "Corp SSO",
        "slug": "corp",
        "issuer": provider.issuer,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=token_endpoint_auth_method]").select_option(client["token_endpoint_auth_method"])
    page.locator("[name=enabled]").check()
    with page.expect_navigation():
        page.locator("[name=_continue]").last.click()
    assert page.locator(".errorlist").all_inner_texts() == []
    assert f"{site.url}/callback/corp" in page.content()


def main_of(page, site):
    page.goto(f"{site.url}/")
    return page.get_by_role("main").inner_text()


def test_the_story_goes_on_whatever_is_killed(site, person, real_provider):
    page, (one, other) = person, site.consoles

    administrator_signs_in(page, site)
    one.kill()
    administrator_registers_the_provider(page, site, real_provider)
    bring_back(site, one)
    page.goto(f"{site.url}/admin/")
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/signed-out**")

    page.goto(f"{site.url}/signin/corp")
    page.get_by_label("Name").wait_for()
    other.kill()  # while the person is away at the provider
    sign_in_at_real_provider(page, "alice")
    page.wait_for_url(f"{site.url}/")
    assert "alice@corp.example" in page.get_by_role("main").inner_text()
    bring_back(site, other)

    site.redis.kill()
    assert "alice@corp.example" in main_of(page, site)
    token = site.fetch_token()
    assert site.active_at(one, token)
    assert site.active_at(other, token)
    assert site.post_at(one, "/oauth/revoke", {"token": token}).status_code == 200
    assert not site.active_at(other, token)
    assert not site.active_at(one, token)
    site.redis.start()

    site.postgres.stop()
    assert page.goto(f"{site.url}/").status == 503
    assert page.get_by_role("heading", name="Back in a moment").is_visible()
    site.postgres.start()
    assert "alice@corp.example" in main_of(page, site)
    assert not site.active_at(other, token)

    site.nginx.kill()
    site.nginx.start()
    page.goto(f"{site.url}/")
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url("**/signed-out**")
    page.goto(f"{site.url}/signin/corp")
    page.get_by_label("Name").wait_for()  # signed out at both ends: the provider asks again
