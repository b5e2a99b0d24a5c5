"""Chromium starts, signs in at the real provider, and its complaints are heard."""

import pytest

from tests.support.browser import screenshot, sign_in_at_real_provider
from tests.support_selftest.relying_party import CALLBACK

CSP = {"Content-Security-Policy": "default-src 'self'"}


def show(op, page, body, status=200, **kwargs):
    op.jwks.respond(status, f"<!doctype html><link rel=icon href='data:,'>{body}", "text/html", **kwargs)
    page.goto(op.url("jwks"))


def test_a_person_signs_in_at_the_real_provider(real_provider, relying_party, op, page):
    op.userinfo.respond(200, "<h1>You are back</h1>", "text/html")
    client = real_provider.register_client("console-basic", redirect_uris=[op.url("userinfo")])
    rp = relying_party(real_provider.issuer, client, op.url("userinfo"))
    page.goto(rp.authorization_url())
    sign_in_at_real_provider(page, "alice")
    page.get_by_role("heading", name="You are back").wait_for()
    assert f"state={rp.state}" in page.url


def test_a_form_post_submits_itself(op, relying_party, quiet_page):
    op.userinfo.respond(200, "<h1>You are back</h1>", "text/html")
    rp = relying_party(op.issuer, vars(op.client), op.url("userinfo"), response_mode="form_post")
    quiet_page.goto(rp.authorization_url())
    quiet_page.get_by_role("heading", name="You are back").wait_for()
    assert op.requests_to("userinfo")[0].form["state"] == rp.state


def test_a_quiet_page_stays_quiet_when_the_page_itself_is_an_error(op, quiet_page):
    show(op, quiet_page, "<h1>Refused</h1>", status=403)


@pytest.mark.parametrize(
    ("body", "kwargs", "complaint"),
    [
        ("<script>console.error('ouch')</script>", {}, "console: ouch"),
        ("<script>throw new Error('ouch')</script>", {}, "uncaught: .*ouch"),
        ("<script>1</script>", {"headers": CSP}, "Content Security Policy"),
        ("<p style='color: red'>", {"headers": CSP}, "Content Security Policy"),
        ("<img src='http://foreign.invalid/x.png'>", {}, "request to another host"),
        ("<img src='/nothing.png'>", {}, "status of 404"),
    ],
)
def test_complaints_are_heard(op, watch, page, body, kwargs, complaint):
    show(op, page, body, **kwargs)
    page.wait_for_load_state("load")
    page.wait_for_timeout(100)
    assert watch.complaints()
    watch.ignore(complaint)
    watch.ignore("ERR_NAME_NOT_RESOLVED")
    assert watch.complaints() == []


def test_a_screenshot_is_a_file(op, page, monkeypatch, tmp_path):
    monkeypatch.setattr("tests.support.browser.SCREENSHOTS", tmp_path)
    show(op, page, "<h1>Say cheese</h1>")
    assert screenshot(page, "cheese").read_bytes().startswith(b"\x89PNG")


def test_the_callback_address_is_another_site_to_the_browser(real_provider):
    """`localhost` and 127.0.0.1 share no cookies, so SameSite behaves as it does between real hosts."""
    assert "localhost" in CALLBACK
    assert "127.0.0.1" in real_provider.issuer
