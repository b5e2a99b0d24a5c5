"""A person whose browser asks for German signs in, looks after her bot and signs out; no language is too wide."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from providers.models import Provider
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import entered
from tests.ssoconsole.pages.test_languages import SIGN_IN, left_in_english
from tests.support.browser import screenshot, sign_in_at_real_provider
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Audience, Bot, TokenRefusal

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor.command("test")
WIDTHS = (360, 1280)


@pytest.fixture
def browser_context_args(browser_context_args):
    return browser_context_args | {"locale": "de-DE"}


@pytest.fixture
def console(live_server, settings, real_provider):
    settings.BASE_URL = live_server.url
    client = real_provider.register_client("console-basic", live_server.url)
    corp = Provider(
        slug="corp",
        name="Corp SSO",
        issuer=real_provider.issuer,
        client_id=client["client_id"],
        allowed_email_domains=["corp.example"],
    )
    entered(corp, client["client_secret"])
    corp.save()
    audience = Audience(identifier="https://api.example", name="Metadata", scopes=["read"])
    save_audience(audience=audience, by=BY)
    save_bot(bot=Bot(name="nightly-export"), grants=[GrantSpec(audience, ["read"])], by=BY)
    for number, code in enumerate(("credential_unknown", "invalid_scope", "unknown_key", "nonesuch")):
        TokenRefusal.objects.create(
            reference=f"one-two-three-{number}",
            at=timezone.now() - timedelta(minutes=number),
            door="token",
            endpoint="/oauth/token",
            status=401,
            code=code,
            answered="invalid_client",
            unverified_client_id="nightly-export",
            address="192.0.2.7",
            actor="stranger",
        )
    return live_server.url


def sign_in(page):
    """Alice comes in, and is given the bot."""
    sign_in_at_real_provider(page, "alice")
    page.get_by_role("button", name="Abmelden", exact=True).wait_for()
    Bot.objects.update(owner="alice@corp.example", owner_named_at=timezone.now())


class Reader:
    """What somebody makes of each page she comes by."""

    def __init__(self, page):
        self.page, self.problems = page, []

    def reads(self, heading):
        """See a page through: its heading, what is said on it and whether it fits."""
        page = self.page
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        self.problems += [f"{heading}: {text}" for text in left_in_english(page.content())]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if too_wide := page.evaluate("document.documentElement.scrollWidth - innerWidth"):
                self.problems.append(f"{heading}: {too_wide} pixels too wide at {width}")

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()


def test_a_person_finds_her_way_in_german(console, quiet_page):
    page, she = quiet_page, Reader(quiet_page)
    page.goto(f"{console}/signin?next=/account")
    she.reads("Anmelden")
    page.get_by_label("Ihre E-Mail-Adresse").fill("alice@elsewhere.example")
    she.press("Weiter")
    she.reads("Anmelden")
    page.get_by_role("link", name="Corp SSO").click()
    sign_in(page)
    she.reads("Ihr Konto")
    page.goto(f"{console}/")
    she.reads("Alice Example")
    page.get_by_role("link", name="nightly-export").click()
    she.reads("nightly-export")
    page.get_by_label("Läuft ab nach").select_option("30 Tage")
    page.locator("[name=label]").first.fill("Nachtlauf")
    page.locator("[value=make-secret]").click()
    she.reads("Neues Geheimnis von nightly-export")
    page.reload()
    she.reads("nightly-export")
    page.get_by_role("link", name="Zurück zu nightly-export").click()
    she.reads("nightly-export")
    page.locator("[name=scopes]").fill("write")
    page.locator("[value=issue-token]").click()
    expect(page.get_by_text("geht über das Erteilte hinaus")).to_be_visible()
    she.reads("nightly-export")
    page.locator("[name=scopes]").fill("read")
    page.locator("[value=issue-token]").click()
    she.reads("Neues Token von nightly-export")
    page.get_by_role("link", name="Zurück zu nightly-export").click()
    page.locator("summary", has_text="Widerrufen").first.click()
    with page.expect_navigation():
        page.locator("[value=revoke-token]").click()
    page.locator("summary", has_text="Stilllegen").click()
    page.locator("[value=retire-secret]").click()
    expect(page.get_by_text("Nachtlauf ist stillgelegt")).to_be_visible()
    she.reads("nightly-export")
    page.goto(f"{console}/callback/corp?error=access_denied")
    she.reads("Die Anmeldung wurde nicht abgeschlossen")
    she.press("English")  # from a page that cannot be asked for twice
    page.wait_for_url(f"{console}/signin")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    she.press("Deutsch")
    page.goto(f"{console}/nirgends")
    she.reads("Hier ist nichts")
    she.press("Abmelden")
    page.get_by_role("button", name="Yes, sign me out").click()
    she.reads("Sie sind abgemeldet")
    page.goto(f"{console}/admin/login/")
    she.reads("Mit einem Passwort anmelden")
    screenshot(page, "de_password")
    page.locator("[name=username]").fill("nobody")
    page.locator("[name=password]").fill("wrong")
    page.locator("#login-form [type=submit]").click()
    page.locator(".errornote").wait_for()
    she.reads("Mit einem Passwort anmelden")
    assert she.problems == []


def test_each_language_is_chosen_by_its_own_name_and_fits(console, quiet_page):
    page, she = quiet_page, Reader(quiet_page)
    page.goto(f"{console}/signin/corp")
    sign_in(page)
    names = ("English", "Deutsch", "Français", "Español", "日本語", "简体中文")
    for (language, heading), name in zip(SIGN_IN.items(), names, strict=True):
        for path in ("/signin", "/", "/account", "/bots/nightly-export"):
            assert page.goto(f"{console}{path}").ok
            she.press(name)
            page.wait_for_url(f"{console}{path}")
            expect(page.locator("html")).to_have_attribute("lang", language)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert too_wide == 0, f"{path} in {language} at {width}"
            screenshot(page, f"{language}_{path.strip('/').replace('/', '_') or 'home'}")
        page.goto(f"{console}/signin")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
