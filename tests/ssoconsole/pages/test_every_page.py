"""Every page, from the sign-in page to the error pages, through its own address."""

import pytest
from django.test import Client

from ssoconsole.console import health as health_views
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in, person, provider, session_of
from tests.support.leaks import assert_without

POLICY = {
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
}


@pytest.fixture
def corp(db):
    return provider(icon="building")


@pytest.fixture
def alice(db):
    return person("alice@corp.example", name="Alice")


def forbidden(client):
    client.force_login(
        person("staff", is_staff=True), backend="ssoconsole.platform.accounts.passwords.PasswordBackend"
    )
    return client.get("/admin/accounts/user/")


def broken(client):
    def fault(*args):
        raise RuntimeError("a secret detail")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health_views, "check_everything", fault)
        client.raise_request_exception = False
        return client.get("/readyz")


def signed_in(path):
    def ask(client):
        come_in(client, person("carol", email="carol@corp.example"), provider("hers", icon="C"))
        return client.get(path)

    return ask


PAGES = {
    "start": (lambda client: client.get("/"), 200),
    "chooser": (lambda client: client.get("/signin?next=/account"), 200),
    "signed out": (lambda client: client.get("/signed-out"), 200),
    "refused": (lambda client: client.get("/callback?code=c&state=nobody's"), 400),
    "home": (signed_in("/"), 200),
    "account": (signed_in("/account"), 200),
    "password door": (lambda client: client.get("/admin/login/"), 200),
    "400": (lambda client: client.get("/", headers={"host": "evil.example"}), 400),
    "403": (forbidden, 403),
    "403 csrf": (lambda client: Client(enforce_csrf_checks=True).post("/signout"), 403),
    "413": (lambda client: client.post("/signin", "x" * 2_097_153, content_type="text/plain"), 413),
    "411": (lambda client: client.generic("POST", "/signin", HTTP_TRANSFER_ENCODING="chunked"), 411),
    "404": (lambda client: client.get("/nowhere"), 404),
    "500": (broken, 500),
}


@pytest.fixture(params=PAGES, ids=str)
def answer(request, client, corp):
    ask, status = PAGES[request.param]
    response = ask(client)
    assert response.status_code == status
    return response


@pytest.fixture
def document(answer):
    return Page(answer.content.decode())


class EveryPageTests:
    def test_a_screen_reader_finds_its_way(self, document):
        assert document.doctype == "doctype html"
        assert document.all("html")[0]["lang"] == "en"
        assert len(document.all("h1")) == 1
        assert len(document.all("main")) == 1
        assert len(document.all("header")) == 1
        assert document.unlabelled_fields() == []
        skip_to = next(
            attributes["href"] for attributes in document.all("a") if attributes["href"].startswith("#")
        )
        assert skip_to == f"#{document.all('main')[0]['id']}"

    def test_the_title_says_what_and_where(self, document):
        what, _, where = document.text("title").rpartition(" · ")
        assert where == "SSO Console"
        assert what

    def test_every_image_says_what_it_is_or_that_it_is_decoration(self, document):
        assert [image for image in document.all("img") if "alt" not in image] == []

    def test_nothing_is_inline_and_nothing_comes_from_outside(self, document):
        assert document.inline_code() == []
        assert document.outside_urls() == []

    def test_a_strict_policy_goes_with_it(self, answer):
        assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["start", "chooser", "signed out", "refused", "home", "account", "404", "500"]
)
def test_a_page_needs_no_script_at_all(name, client, corp):
    response = PAGES[name][0](client)
    assert Page(response.content.decode()).all("script") == []


class ChooserPageTests:
    def test_each_provider_is_a_plain_link_that_carries_next(self, client, corp):
        page = client.get("/signin?next=/account").content.decode()
        assert "/signin/corp?next=" in page
        assert "Corp SSO" in page

    def test_without_a_provider_it_tells_an_administrator_what_to_do(self, client, db):
        page = client.get("/signin").content.decode()
        assert "No identity provider is registered yet" in page
        assert 'href="/admin/"' in page
        assert "bootstrap_admin" in page

    def test_the_password_door_is_always_there(self, client, db):
        assert 'href="/admin/login/"' in client.get("/signin").content.decode()

    def test_the_password_door_leads_on_to_where_one_wanted_to_go(self, client, db):
        page = client.get("/signin?next=/admin/auth/group/%3Fa%3D1%26b%3D2").content.decode()
        assert 'href="/admin/login/?next=%2Fadmin%2Fauth%2Fgroup%2F%3Fa%3D1%26b%3D2"' in page

    @pytest.mark.parametrize(
        ("icon", "shown"),
        [("key", "icons.svg#key"), ("★", ">★</span>"), ("", ">C</span>"), ("nonesuch", ">C</span>")],
    )
    def test_a_provider_shows_its_icon_or_the_first_letter_of_its_name(self, client, db, icon, shown):
        provider(icon=icon)
        assert shown in client.get("/signin").content.decode().replace("\n", "")

    def test_a_name_is_text_and_never_markup(self, client, db):
        provider(name="<script>alert(1)</script>")
        assert "<script>" not in client.get("/signin").content.decode()


class RefusalPageTests:
    def test_scripts_find_the_outcome_and_the_reference_on_main(self, client, db):
        response = client.get("/callback?code=c&state=nobody's")
        main = Page(response.content.decode()).all("main")[0]
        assert main["data-outcome"] == "state_unknown"
        assert len(main["data-reference"].split("-")) == 3
        assert response.content.decode().count(main["data-reference"]) >= 2

    def test_the_trace_is_offered_to_administrators_only(self, client, corp, alice):
        trace = 'href="/refusals/'
        assert trace not in client.get("/callback?code=c&state=s").content.decode()
        come_in(client, alice, corp)
        assert trace not in client.get("/callback?code=c&state=s").content.decode()
        come_in(client, administrator(), corp)
        assert trace in client.get("/callback?code=c&state=s").content.decode()


class AccountPageTests:
    def test_it_says_which_session_is_this_browser(self, client, corp, alice):
        come_in(client, alice, corp)
        session_of(alice, corp, address="203.0.113.9", user_agent="Another/1.0")
        page = client.get("/account").content.decode()
        assert page.count("This browser") == 1
        assert page.count("End and sign out here") == 1
        assert "203.0.113.9" in page
        assert "Another/1.0" in page

    def test_each_session_is_ended_by_a_form_with_a_token(self, client, corp, alice):
        row = come_in(client, alice, corp)
        page = Page(client.get("/account").content.decode())
        form = next(form for form in page.all("form") if str(row.pk) in form["action"])
        assert form["method"] == "post"
        tokens = [field for field in page.all("input") if field["name"] == "csrfmiddlewaretoken"]
        posted = [form for form in page.all("form") if form["method"] == "post"]
        assert len(tokens) == len([form for form in posted if form["action"] != "/language"])

    def test_a_password_has_no_sessions_to_end(self, client, db):
        client.force_login(administrator(), backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
        assert "signed in with a password" in client.get("/account").content.decode()


class HeaderTests:
    def test_signed_out_there_is_only_the_name(self, client, db):
        assert Page(client.get("/signin").content.decode()).all("nav") == []

    def test_signed_in_there_are_account_and_sign_out(self, client, corp, alice):
        come_in(client, alice, corp)
        page = client.get("/").content.decode()
        assert '<a href="/account"' in page
        assert 'action="/signout"' in page
        assert "/admin/" not in page

    def test_administrators_also_get_the_administration(self, client, corp):
        come_in(client, administrator(), corp)
        assert '<a href="/admin/">' in client.get("/account").content.decode()


class LeavingPageTests:
    def test_the_way_to_the_provider_is_a_refresh_and_a_plain_link(self, client, corp, alice):
        corp.discovery = {"end_session_endpoint": 'https://idp.example/end?a=1&b="2"'}
        corp.save()
        come_in(client, alice, corp)
        page = Page(client.post("/signout").content.decode())
        refresh = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "refresh")
        assert refresh.startswith("0;url=https://idp.example/end?")
        assert refresh.removeprefix("0;url=") in page.urls()
        assert page.inline_code() == []
        assert page.all("nav") == []


def test_an_error_page_tells_nothing_of_the_fault(client, db):
    assert_without(broken(client).content, "secret detail")


def test_the_two_bare_error_pages_need_no_context(db):
    from django.template.loader import get_template

    for name in ("400.html", "500.html"):
        assert len(Page(get_template(name).render()).all("h1")) == 1
