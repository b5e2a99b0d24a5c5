"""People read their language; the administration, programs and the log read English."""

import gettext
import re
from html.parser import HTMLParser
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import translation

from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole import messages
from tests.ssoconsole.console.expiry import things_that_end
from tests.ssoconsole.pages.pages_cast import administrator, come_in, person, provider
from tests.ssoconsole.pages.test_every_page import PAGES
from tokens.models import Bot

SIGN_IN = {
    "en": "Sign in",
    "de": "Anmelden",
    "fr": "Se connecter",
    "es": "Iniciar sesión",
    "ja": "サインイン",
    "zh-hans": "登录",
}
# Names, codes and what is the same word in both languages.
SAME = {
    "SSO Console",
    "Corp SSO",
    "Google",
    "Bot",
    "client_id",
    "client_secret",
    "Name",
    "C",
    "H",
    "Hers",
    "Token",
}
OWN = ("/", "/account", "/bots/nightly-export")
WORDS_OF_REFERENCE = re.compile(r"[a-z]+(-[a-z]+){2,}")
HEADING = re.compile(r"<h1>(.*?)</h1>")


class Texts(HTMLParser):
    """The text nodes and the spoken attributes of a page, but for what is marked as another language or as code."""

    VOID = ("meta", "link", "img", "input", "br", "use")

    def __init__(self, html):
        super().__init__()
        self.found, self._open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        foreign = tag in ("code", "pre", "textarea", "time", "script") or (
            "lang" in attributes and tag != "html"
        )
        if tag not in self.VOID:
            self._open.append((tag, foreign))
        if not foreign:
            self.found += [
                attributes[name] for name in ("aria-label", "title", "placeholder") if attributes.get(name)
            ]

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and not any(foreign for _, foreign in self._open):
            self.found.append(" ".join(data.split()))


def asks(language):
    return Client(headers={"accept-language": language})


@pytest.fixture
def corp(db):
    return provider()


@pytest.mark.parametrize("language", SIGN_IN)
def test_the_sign_in_page_speaks_the_browsers_language_and_says_so(corp, language):
    answer = asks(language).get("/signin")
    html = answer.content.decode()
    assert HEADING.search(html)[1] == SIGN_IN[language]
    assert f'<html lang="{language}">' in html
    assert answer["Content-Language"] == language
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("de-AT,en;q=0.5", "de"),
        ("zh-CN", "zh-hans"),
        ("zh", "zh-hans"),
        ("es-419,es;q=0.9", "es"),
        ("pt,fr;q=0.8", "fr"),
        ("tlh", "en"),
        ("", "en"),
        ("*", "en"),
        ("../../etc/passwd", "en"),
        ("d" * 60_000, "en"),
        ("de," * 20_000, "de"),
        ("en-x;q=0.1," * 6_000, "en"),
        ("de\0", "en"),
    ],
)
def test_what_is_asked_for_is_spoken_or_else_english(corp, asked, spoken):
    assert asks(asked).get("/signin")["Content-Language"] == spoken


class ChoosingTests:
    def test_a_choice_counts_before_the_browsers_language(self, corp):
        browser = asks("fr")
        chosen = browser.post(
            "/language", {"language": "de"}, headers={"referer": "http://localhost:8000/signin?next=/x"}
        )
        assert (chosen.status_code, chosen["Location"]) == (302, "/signin?next=/x")
        cookie = chosen.cookies["language"]
        assert (cookie["samesite"], cookie["httponly"], cookie["path"]) == ("Lax", True, "/")
        assert HEADING.search(browser.get("/signin").content.decode())[1] == "Anmelden"

    @pytest.mark.parametrize("language", ["", "tlh", "DE", "de-at", "../de", "de\r\nSet-Cookie: x=y"])
    def test_a_language_that_there_is_none_of_changes_nothing(self, db, language):
        assert not asks("fr").post("/language", {"language": language}).cookies

    @pytest.mark.parametrize(
        "source", ["https://evil.example/", "//evil.example", "javascript:1", "/\\evil", ""]
    )
    def test_nobody_is_led_to_another_site(self, db, source):
        assert (
            asks("fr").post("/language", {"language": "de"}, headers={"referer": source})["Location"] == "/"
        )

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
    def test_another_site_cannot_choose(self, db, site):
        answer = asks("fr").post("/language", {"language": "de"}, headers={"sec-fetch-site": site})
        assert answer.status_code == 403
        assert not answer.cookies

    @pytest.mark.parametrize(
        "back",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil",
            "/\t/evil.example",
            "javascript:1",
            "/signout",
        ],
    )
    def test_nor_by_the_address_that_a_form_gives(self, db, back):
        assert asks("fr").post("/language", {"language": "de", "next": back})["Location"] == "/"

    @pytest.mark.parametrize("chosen", ["tlh", "de" * 30_000, "../de", "de;", ""])
    def test_a_cookie_that_names_none_leaves_the_browsers_language(self, corp, chosen):
        browser = asks("fr")
        browser.cookies["language"] = chosen
        assert browser.get("/signin")["Content-Language"] == "fr"

    @pytest.mark.parametrize("body", [b"%", b"a" * 2_097_153, b"&" * 5_000])
    def test_a_body_that_is_no_form_of_ours_changes_nothing(self, db, body):
        answer = asks("fr").post("/language", body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (302, 400, 413)
        assert not answer.cookies

    def test_a_link_does_not_choose(self, db):
        assert asks("fr").get("/language?language=de").status_code == 405

    def test_over_https_the_cookie_is_for_this_host_alone(self, corp, settings):
        settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_COOKIE_SECURE = "__Host-language", True
        cookie = asks("fr").post("/language", {"language": "de"}).cookies["__Host-language"]
        assert (cookie["secure"], cookie["domain"], cookie["path"]) == (True, "", "/")


def forms(html):
    return html.count('action="/language"')


class FormTests:
    """The form stands where a language can be chosen, and leads back to a page that can be asked for again."""

    def test_it_names_each_language_as_its_speakers_do(self, corp):
        html = asks("de").get("/signin").content.decode()
        said = re.findall(r'lang="([\w-]+)"(?: aria-current="true")?>([^<]+)</button>', html)
        assert said == [
            ("en", "English"),
            ("de", "Deutsch"),
            ("fr", "Français"),
            ("es", "Español"),
            ("ja", "日本語"),
            ("zh-hans", "简体中文"),
        ]

    # What needs no context and no database has no form, and the page of 403 is met in the administration.
    @pytest.mark.parametrize("name", [*sorted(set(PAGES) - {"400", "403", "411", "413", "500"}), *OWN])
    def test_every_page_of_people_has_it(self, corp, name):
        assert forms(german_pages(corp)[name](asks("de")).content.decode()) == 1

    @pytest.mark.parametrize("path", ["/admin/", "/admin/nowhere", "/token-doctor", "/api/v1/docs"])
    def test_pages_that_are_english_for_everybody_have_none(self, corp, client, path):
        come_in(client, administrator(), corp)
        assert forms(client.get(path).content.decode()) == 0

    def test_a_refused_sign_in_leads_back_to_the_sign_in_page(self, corp):
        browser = asks("de")
        html = browser.get("/callback?code=c&state=nobody's").content.decode()
        assert 'name="next" value="/signin"' in html
        chosen = browser.post(
            "/language",
            {"language": "fr", "next": "/signin"},
            headers={"referer": "http://localhost:8000/callback?code=c&state=nobody's"},
        )
        assert chosen["Location"] == "/signin"

    def test_what_is_shown_once_is_not_lost_by_it(self, corp):
        browser, owner = asks("de"), person("alice@corp.example")
        Bot.objects.create(name="nightly-export", owner=owner)
        come_in(browser, owner, corp)
        made = browser.post("/bots/nightly-export", {"do": "make-secret"})["Location"]
        assert forms(browser.get(made).content.decode()) == 0
        assert forms(browser.get(made).content.decode()) == 1


def test_a_person_reads_her_language_while_the_database_is_away(corp):
    def refuse(*args, **kwargs):
        raise OperationalError("away")

    browser = asks("de")
    come_in(browser, person("alice@corp.example"), corp)
    browser.raise_request_exception = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "cursor", refuse)
        answer = browser.get("/account")
    assert (answer.status_code, answer["Content-Language"]) == (503, "de")
    assert HEADING.search(answer.content.decode())[1] == "Gleich wieder verfügbar"


class EnglishTests:
    @pytest.mark.parametrize(
        "path",
        [
            *("/api/v1/bots", "/api/nothing", "/.well-known/openid-configuration", "/.well-known/nothing"),
            *("/oauth/nothing", "/healthz", "/token-doctor"),
        ],
    )
    def test_what_programs_read_is_the_same_whatever_is_asked_for(self, corp, path):
        german, english = asks("de").get(path), asks("en").get(path)
        assert german.status_code == english.status_code
        assert german.get("Content-Language") is None
        assert WORDS_OF_REFERENCE.sub("", german.text) == WORDS_OF_REFERENCE.sub("", english.text)

    @pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
    def test_so_are_the_refusals_of_oauth(self, db, path):
        assert asks("ja").post(path, {"token": "x"}).json().get("error_description", "").isascii()

    def test_the_administration_is_english(self, corp):
        browser = asks("de")
        come_in(browser, administrator(), corp)
        for path in (
            "/admin/",
            "/admin/providers/provider/",
            "/admin/checklist",
            "/token-doctor",
            "/api/v1/docs",
        ):
            html = browser.get(path).content.decode()
            assert '<html lang="en' in html, path
            assert "Abmelden" not in html, path

    def test_the_thread_speaks_english_after_a_german_page(self, corp):
        asks("de").get("/signin")
        assert translation.get_language() == "en"

    def test_events_are_english(self, corp):
        browser = asks("de")
        come_in(browser, person("alice@corp.example"), corp)
        browser.post("/account/sessions/end-all", {"which": "all"})
        written = [f"{event.action} {event.before} {event.after}" for event in Event.objects.all()]
        assert written
        assert not any("Sitzung" in event or "Abmelden" in event for event in written)

    @pytest.mark.parametrize("language", ["de", "ja"])
    def test_mails_are_english(self, db, settings, language):
        settings.WARNINGS_EMAIL = ["ops@corp.example"]
        things_that_end.one_of_each()
        with translation.override(language):
            call_command("send_warnings", stdout=StringIO())
        due = mail.outbox[0]
        assert due.subject.startswith("SSO Console: ")
        assert f"{due.subject}{due.body}".isascii()
        assert "Client secret of a bot: nightly" in due.body

    def test_what_a_browser_is_sent_never_reaches_one_of_another_language(self, corp):
        """The sign-in page is kept nowhere; what may be kept says by what it differs."""
        answers = [asks(language).get("/signin") for language in ("de", "en", "de")]
        assert [answer["Content-Language"] for answer in answers] == ["de", "en", "de"]
        assert all(answer["Cache-Control"] == "no-store" for answer in answers)


def german_pages(corp):
    owner = person("alice@corp.example", name="Alice", email="alice@corp.example")
    Bot.objects.create(name="nightly-export", owner=owner)
    pages = {name: ask for name, (ask, _) in PAGES.items()}
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": "de"})
    pages["403 csrf"] = lambda client: strict.post("/signout")
    for path in OWN:

        def ask(browser, path=path):
            come_in(browser, owner, corp)
            return browser.get(path)

        pages[path] = ask
    return pages


def left_in_english(html):
    """Every message that a page has not translated, and whatever else has the look of an English sentence."""
    plain = {text for message in messages.every_message() for text in message if "%" not in text} - SAME
    sentence = re.compile(r"\b(the|you|your|is|this|with)\b", re.IGNORECASE)
    return [text for text in Texts(html).found if text in plain or sentence.search(text)]


# The page of 403 is met in the administration, and speaks its language.
@pytest.mark.parametrize("name", [*sorted(set(PAGES) - {"403"}), *OWN])
def test_nothing_english_is_left_on_a_german_page(corp, name):
    ask = german_pages(corp)[name]
    html = ask(asks("de")).content.decode()
    assert '<html lang="de"' in html
    assert left_in_english(html) == []


@pytest.mark.parametrize("language", sorted(set(SIGN_IN) - {"en"}))
@pytest.mark.parametrize("sent", [None, {"username": "x", "password": "y"}, {"username": "", "password": ""}])
def test_the_password_door_is_not_half_translated(db, language, sent):
    def said(asked):
        ask = asks(asked)
        path = "/admin/login/"
        return Texts((ask.get(path) if sent is None else ask.post(path, sent)).content.decode()).found

    same = {"SSO Console", "Name:"} if language == "de" else {"SSO Console"}
    assert set(said(language)) & set(said("en")) <= same


class CatalogueTests:
    @pytest.fixture(params=messages.LANGUAGES)
    def catalogue(self, request):
        path = messages.po_of(request.param)
        translations, fuzzy = messages.read_po(path)
        return path, translations, fuzzy

    def test_it_has_every_message_and_no_other(self, catalogue):
        _, translations, fuzzy = catalogue
        assert set(translations) - {("",)} == set(messages.every_message())
        assert all(all(texts) for texts in translations.values())
        assert fuzzy == []

    def test_its_placeholders_and_tags_are_those_of_the_english(self, catalogue):
        marks = re.compile(r"%\(\w+\)s|</?\w+[^>]*>")
        for message, texts in catalogue[1].items():
            for text in texts if message != ("",) else ():
                assert sorted(marks.findall(text)) in [sorted(marks.findall(each)) for each in message], text
                assert text == text.strip()

    def test_the_compiled_file_is_made_from_it(self, catalogue):
        path, translations, _ = catalogue
        assert path.with_suffix(".mo").read_bytes() == messages.compiled(translations)
        with path.with_suffix(".mo").open("rb") as file:
            read = gettext.GNUTranslations(file)
        plural = next(message for message in translations if message[0] == "%(count)s day")
        assert read.ngettext(*plural, 2) == translations[plural][-1]
        assert read.gettext("Sign in") == translations[("Sign in",)][0]
