"""
Every door that refuses, and each of its refusals: from what the refused one was told, an administrator is at most two
clicks away from a page that says what was expected, what was received and what to do.
"""

import re
from datetime import timedelta

import pytest
from assertions import by_assertion
from django.test import Client
from django.utils import timezone
from tokens_cast import BASE_URL, METADATA, PASSWORD_BACKEND, basic

from providers.models import SignInAttempt
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import provider
from tests.support.leaks import assert_without
from tokens.audiences import disable_audience
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.credentials.services import retire_credential
from tokens.models import Credential, TokenRecord, TokenRefusal
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
TOLD = re.compile(r"data-(expected|received|remedy)>([^<]+)<")
FORM = {"grant_type": "client_credentials"}


@pytest.fixture
def admin(people):
    client = Client()
    client.force_login(people["bob"], PASSWORD_BACKEND)
    return client


def told_on(page):
    return {name: text.strip() for name, text in TOLD.findall(page)}


def assert_explained(page):
    told = told_on(page)
    assert set(told) == {"expected", "received", "remedy"}, told
    assert all(told.values())


def follow(admin, url):
    """One click, whatever redirects are behind it."""
    answer = admin.get(url.removeprefix(BASE_URL), follow=True)
    assert answer.status_code == 200, url
    return answer.content.decode()


class World:
    """What the refused ones hold: set up once a test, bent by the case."""

    def __init__(self, request):
        self.get = request.getfixturevalue

    def live_token(self, audience):
        return issue_token(
            bot=self.get("bot"),
            audience=audience,
            scopes=None,
            lifetime=timedelta(hours=1),
            by=self.get("by"),
        )[1]

    def end(self, service, **what):
        service(**what, by=self.get("by"))

    def grants(self, *grants):
        save_bot(bot=self.get("bot"), grants=list(grants), by=self.get("by"))


def retired(world):
    world.end(retire_credential, credential=Credential.objects.get(bot=world.get("bot")))


def revoked(world):
    token = world.live_token(world.get("audience"))
    world.end(revoke_token, record=TokenRecord.objects.get())
    return token


def foreign(world):
    world.get("bot").allowed_networks = ["192.0.2.0/24"]
    world.get("bot").save()


# name: (what is bent first, the parameters or the client, the code that the administrator reads)
OAUTH = {
    "a wrong secret": (None, {"auth": ("ingestion-bot", "wrong")}, "credential_unknown"),
    "a name that no bot has": (None, {"auth": ("nobody", "wrong")}, "credential_unknown"),
    "a retired secret": (retired, {}, "credential_unknown"),
    "a disabled bot": (lambda w: w.end(disable_bot, bot=w.get("bot")), {}, "credential_unknown"),
    "a foreign network": (foreign, {}, "network_foreign"),
    "no credentials": (None, {"auth": None}, "invalid_client"),
    "a header of another scheme": (None, {"auth": "Digest x"}, "invalid_client"),
    "an assertion that is none": (None, {"auth": None, "form": by_assertion("a.b.c")}, "token_malformed"),
    "an unknown scope": (None, {"form": {"scope": "root"}}, "invalid_scope"),
    "an unknown audience": (None, {"form": {"resource": "https://else.example"}}, "not_granted"),
    "no grant": (lambda w: w.grants(), {}, "unauthorized_client"),
    "a disabled audience": (
        lambda w: w.end(disable_audience, audience=w.get("audience")),
        {},
        "audience_disabled",
    ),
    "another grant type": (None, {"form": {"grant_type": "password"}}, "unsupported_grant_type"),
    "no grant type": (None, {"form": {"grant_type": ""}}, "invalid_request"),
}


@pytest.mark.parametrize(("bend", "asks", "code"), OAUTH.values(), ids=OAUTH.keys())
def test_a_refused_token_request_is_one_click_away(request, oauth, me, admin, bend, asks, code):
    if bend:
        bend(World(request))
    answer = oauth.post("/oauth/token", {**FORM, **asks.get("form", {})}, auth=asks.get("auth", me))
    assert answer.status_code in (400, 401)
    page = follow(admin, answer.json()["error_uri"])
    assert_explained(page)
    assert TokenRefusal.objects.get().code == code
    assert f'data-code="{code}"' in page


BEARERS = {
    "nothing that is a token": (lambda w: "Bearer", "token_unreadable"),
    "a revoked one": (revoked, "invalid_token"),
    "one for another audience": (lambda w: w.live_token(w.get("audience")), "invalid_token"),
}


@pytest.mark.parametrize(("token", "code"), BEARERS.values(), ids=BEARERS.keys())
@pytest.mark.parametrize("door", ["introspect", "api"])
def test_a_refused_bearer_is_one_click_away(request, oauth, bot, admin, token, code, door):
    shown = f"Bearer {token(World(request))}"
    if door == "introspect":
        url = oauth.post("/oauth/introspect", {"token": "x"}, auth=shown).json()["error_uri"]
    else:
        url = oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION=shown).json()["instance"]
    page = follow(admin, url)
    assert_explained(page)
    assert f'data-code="{code}"' in page
    assert_without(page, shown.split(".")[-1])


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize("form", [{"token": "x"}, {}])
def test_the_other_endpoints_for_bots_are_one_click_away(oauth, me, admin, path, form):
    auth = (me[0], "wrong") if form else me
    assert_explained(follow(admin, oauth.post(path, form, auth=auth).json()["error_uri"]))


def stranger_asks(world):
    return Client().get("/api/v1/bots")


def mallory_asks(world):
    return world.get("mallory").get("/api/v1/events")


def alice_changes(world):
    return world.get("alice").patch(f"/api/v1/bots/{world.get('bot').name}", {"description": "x"})


def bob_without_csrf(world):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.get("people")["bob"], PASSWORD_BACKEND)
    return browser.post("/api/v1/bots", {"name": "x"}, content_type="application/json")


def token_that_only_reads(world):
    world.grants(GrantSpec(world.get("console"), ["console.read"]))
    header = {"HTTP_AUTHORIZATION": f"Bearer {world.live_token(world.get('console'))}"}
    return Client().post("/api/v1/bots", {"name": "x"}, content_type="application/json", **header)


API = {
    "a stranger": (stranger_asks, 401, "not_authenticated"),
    "somebody who may not know": (mallory_asks, 404, "not_found"),
    "an owner who changes": (alice_changes, 403, "permission_denied"),
    "a session without its CSRF token": (bob_without_csrf, 403, "permission_denied"),
    "a token that only reads": (token_that_only_reads, 403, "insufficient_scope"),
    "a bot that there is not": (lambda w: w.get("bob").get("/api/v1/bots/nobody"), 404, "not_found"),
    "a body of another shape": (lambda w: w.get("bob").post("/api/v1/bots", {"x": 1}), 400, "invalid"),
    "a name that is taken": (
        lambda w: w.get("bob").post("/api/v1/bots", {"name": "other-bot"}),
        409,
        "bot_name_taken",
    ),
    "another method": (lambda w: w.get("bob").put("/api/v1/bots", {}), 405, "method_not_allowed"),
    "a token in the URL": (lambda w: Client().get("/api/v1/bots?access_token=x"), 400, "invalid_request"),
}


@pytest.mark.parametrize(("ask", "status", "code"), API.values(), ids=API.keys())
def test_a_refusal_of_the_api_is_one_click_away(request, people, bot, other_bot, admin, ask, status, code):
    answer = ask(World(request))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    page = follow(admin, answer.json()["instance"])
    assert_explained(page)
    assert f'data-code="{code}"' in page


@pytest.mark.parametrize(
    "path", ["/callback?state=nobody&code=c", "/signin/nobody", "/callback?state=a&state=b"]
)
def test_a_refused_sign_in_is_one_click_away_from_its_own_page(admin, path):
    page = admin.get(path).content.decode()
    (link,) = [url for url in Page(page).urls() if url.startswith("/refusals/")]
    assert "What happened" in page
    assert_explained(follow(admin, link))


def test_what_somebody_reads_out_is_found_from_the_first_page_of_the_administration(admin):
    page = Browser().client.get("/callback?state=nobody&code=c").content.decode()
    words = re.search(r'data-reference="([^"]+)"', page).group(1)
    index = admin.get("/admin/").content.decode()
    assert 'action="/admin/search"' in index
    assert_explained(follow(admin, admin.post("/admin/search", {"q": words.replace("-", " ").upper()}).url))


def test_a_refused_logout_is_two_clicks_away_from_the_event(admin):
    corp = provider(jwks={"keys": []}, jwks_fetched_at=timezone.now())
    answer = Client().post(
        f"/backchannel-logout/{corp.slug}", "x=1", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400
    assert "refusals" not in answer.content.decode()
    event = Event.objects.filter(action="backchannel_logout_refused").first()
    page = follow(admin, f"/admin/eventlog/event/{event.pk}/change/")
    (link,) = [url for url in Page(page).urls() if url.startswith("/refusals/")]
    assert_explained(follow(admin, link))
    assert SignInAttempt.objects.filter(purpose="logout", provider=corp).exists()


def test_the_password_door_is_explained_in_the_event(admin):
    stranger = Client()
    for _ in range(11):
        stranger.post("/admin/login/", {"username": "guess", "password": "wrong"})
    for outcome in ("refused", "locked"):
        event = Event.objects.filter(action="break_glass_signin", outcome=outcome).first()
        page = follow(admin, f"/admin/eventlog/event/{event.pk}/change/")
        assert all(f">{name}</th>" in page for name in ("expected", "received", "remedy"))


def test_a_page_that_there_is_not_says_so_itself(admin):
    assert_explained(admin.get("/nowhere").content.decode())
    assert told_on(Client().get("/nowhere").content.decode()) == {}


def test_a_page_that_may_not_be_seen_says_so_itself(admin, bot):
    assert_explained(admin.post("/admin/tokens/tokenrecord/add/").content.decode())


def test_a_form_of_another_site_says_so_itself(people):
    browser = Client(enforce_csrf_checks=True)
    assert told_on(browser.post("/signout").content.decode()) == {}
    browser.force_login(people["bob"], PASSWORD_BACKEND)
    page = browser.post("/signout").content.decode()
    assert_explained(page)
    assert "CSRF cookie not set" in page


def test_a_bots_page_leads_to_its_refusals(oauth, bot, admin):
    oauth.token((bot.name, "wrong"))
    page = follow(admin, f"/admin/tokens/bot/{bot.pk}/change/")
    (link,) = [url for url in Page(page).urls() if "tokenrefusal" in url and "?q=" in url]
    assert TokenRefusal.objects.get().reference in follow(admin, link)
    assert_without(page, basic(bot.name, "wrong"))
    assert METADATA in str(bot.grants.get().audience.identifier)
