"""Each plan's happy path at a provider that somebody else wrote, npm's oidc-provider."""

from datetime import timedelta

import pytest
import requests
from django.db.models import F

from providers.models import ConsoleSession, Provider
from tests.providers.conformance.real_journey import CODE_CLIENTS, ID_TOKEN_CLIENTS, register_at, sign_in
from tests.providers.conformance.registry import happy_path
from tests.providers.signin.journey import Browser, hop_of
from tests.support.browser import sign_in_at_real_provider

by_profile = pytest.mark.parametrize("profile", CODE_CLIENTS)


@pytest.fixture
def person():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def console(live_server, settings, transactional_db):
    """A console that a browser and the provider can reach; its site is `localhost`, the provider's is not."""
    settings.BASE_URL = live_server.url.replace("127.0.0.1", "localhost")
    return settings.BASE_URL


@happy_path("basic", "by plain HTTP: the code is redeemed, userinfo is read")
@by_profile
def test_basic(db, real_provider, person, profile):
    register_at(real_provider, CODE_CLIENTS[profile])
    sign_in(real_provider, person)


@happy_path("config", "by plain HTTP: everything comes from discovery, and rotated keys are found")
@by_profile
def test_config(db, real_provider, person, profile):
    register_at(real_provider, CODE_CLIENTS[profile])
    sign_in(real_provider, person)
    real_provider.rotate_keys(issuer="onelogin" if profile == "onelogin" else "standard")
    sign_in(real_provider, person)


def signs_in_by_a_posted_form(page, console, path="/signin/corp"):
    """
    The provider's form is a cross-site POST: Chromium keeps the console's cookies, which are SameSite=Lax.
    """
    posts = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    page.goto(f"{console}{path}?next=/account")
    sign_in_at_real_provider(page, "alice")
    page.wait_for_url(f"{console}/account")
    [callback] = [request for request in posts if request.url == f"{console}/callback/corp"]
    assert "cookie" not in callback.all_headers()
    assert "alice@corp.example" in page.get_by_role("main").inner_text()


@happy_path("formpost-basic", "in Chromium: a code by a cross-site POST that comes without cookies")
@by_profile
def test_form_post_basic(console, real_provider, quiet_page, profile):
    posted = {"response_mode": "form_post"}
    register_at(real_provider, CODE_CLIENTS[profile], base_url=console, extra_params=posted)
    signs_in_by_a_posted_form(quiet_page, console)


@happy_path("formpost-implicit", "in Chromium: an ID token by a cross-site POST that comes without cookies")
@by_profile
def test_form_post_implicit(console, real_provider, quiet_page, profile):
    client = ID_TOKEN_CLIENTS[profile]
    register_at(real_provider, client, base_url=console, response_type="id_token")
    signs_in_by_a_posted_form(quiet_page, console)


@happy_path("rp-logout", "by plain HTTP: signed out at both ends, and sent back")
@by_profile
def test_rp_initiated_logout(db, real_provider, person, profile):
    register_at(real_provider, CODE_CLIENTS[profile])
    browser = sign_in(real_provider, person)
    back = real_provider.sign_out_by_http(person, hop_of(browser.client.post("/signout")))
    assert browser.client.get(back.path).status_code == 200
    assert not browser.is_signed_in()
    assert 'name="login"' in person.get(browser.leave(), timeout=10).text  # it asks for the name again


@happy_path("backchannel", "two browsers of one session: signing out in one ends the other")
@by_profile
def test_back_channel_logout(console, real_provider, person, profile):
    register_at(real_provider, CODE_CLIENTS[profile], base_url=console)
    first, second = (sign_in(real_provider, person) for _ in range(2))
    assert ConsoleSession.objects.values("sid").distinct().count() == 1
    real_provider.sign_out_by_http(person, hop_of(first.client.post("/signout")))
    assert not second.is_signed_in()


@happy_path("third-party-login", "by plain HTTP: begun by the issuer's name")
@by_profile
def test_third_party_login(db, real_provider, person, profile):
    provider = register_at(real_provider, CODE_CLIENTS[profile])
    browser = Browser()
    begun = browser.client.get("/signin", {"iss": provider.issuer})
    leaving = browser.client.get(begun["Location"])
    sign_in(real_provider, person, browser, url=leaving["Location"])


@happy_path("refresh", "twice, with refresh tokens that rotate")
@by_profile
def test_refresh_token(db, real_provider, person, profile):
    register_at(
        real_provider,
        CODE_CLIENTS[profile],
        scopes=["openid", "email", "profile", "offline_access"],
        prompt="consent",  # without it the provider gives no refresh token
        session_refresh=Provider.Refresh.REFRESH_TOKEN,
    )
    browser = sign_in(real_provider, person)
    tokens = {ConsoleSession.objects.get().refresh_token}
    for _ in range(2):
        ConsoleSession.objects.update(checked_at=F("checked_at") - timedelta(seconds=960))
        assert browser.is_signed_in()
        tokens.add(ConsoleSession.objects.get().refresh_token)
    assert len(tokens) == 3
