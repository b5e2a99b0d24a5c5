"""Signing out ends the session here first, and then leads to the provider."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client

from providers.models import ConsoleSession
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, hop_of, query_of, register


@pytest.fixture
def signed_in(op, provider, visitor):
    visitor.sign_in(op)
    return visitor


def nobody_is_signed_in(visitor):
    assert not visitor.is_signed_in()
    assert Session.objects.count() == 0
    assert ConsoleSession.objects.filter(ended_at=None).count() == 0


def test_it_ends_here_and_leads_on_over_a_page(op, signed_in):
    response = signed_in.client.post("/signout")
    assert response.status_code == 200  # a redirect to another origin is blocked by form-action
    assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")
    nobody_is_signed_in(signed_in)
    params = query_of(hop_of(response))
    assert params["id_token_hint"] == op.issued_tokens[0]
    assert params["client_id"] == "console"
    assert params["post_logout_redirect_uri"] == "http://localhost:8000/signed-out"
    assert Event.objects.get(action="session_ended").actor == "user:alice@corp.example"


def test_no_two_requests_to_sign_out_have_one_state(op, signed_in):
    states = set()
    for _ in range(2):
        query = query_of(hop_of(signed_in.client.post("/signout")))
        assert (query["client_id"], query["post_logout_redirect_uri"]) == (
            "console",
            "http://localhost:8000/signed-out",
        )
        states.add(query["state"])
        signed_in.sign_in(op)
    assert len(states) == 2


@pytest.mark.parametrize("state", ["as it was", "another", None])
def test_the_return_is_welcome_whatever_the_state(op, signed_in, state):
    if state != "as it was":
        op.signout_params["state"] = state
    callback = op.visit(hop_of(signed_in.client.post("/signout")))
    response = signed_in.client.get(callback.path)
    assert (response.status_code, op.violations) == (200, [])
    assert "signed out" in response.content.decode()


def test_without_an_end_session_endpoint_it_ends_here(op, visitor):
    op.discovery.drop("end_session_endpoint")
    register(op)
    visitor.sign_in(op)
    response = visitor.client.post("/signout")
    assert (response.status_code, response["Location"]) == (302, "/signed-out")
    nobody_is_signed_in(visitor)


def test_an_endpoint_with_a_query_keeps_it(op, visitor):
    op.discovery["end_session_endpoint"] = f"{op.url('end_session')}?tenant=a"
    register(op)
    visitor.sign_in(op)
    hop = hop_of(visitor.client.post("/signout"))
    assert query_of(hop)["tenant"] == "a"
    assert hop.count("?") == 1


@pytest.mark.parametrize(
    ("params", "sent"),
    [
        (
            {"logout_uri": "{post_logout_redirect_uri}", "client_id": "{client_id}"},
            {"logout_uri": "http://localhost:8000/signed-out", "client_id": "console"},
        ),
        ({"TargetResource": "x?{client_id}&{client_id}"}, {"TargetResource": "x?console&console"}),
        (
            {"post_logout_redirect_uri": "https://corp.example"},
            {"post_logout_redirect_uri": "https://corp.example"},
        ),
        ({"returnTo": "a b&c=d"}, {"returnTo": "a b&c=d"}),
    ],
)
def test_a_provider_is_signed_out_of_in_its_own_words(op, visitor, params, sent):
    register(op, signout_params=params)
    visitor.sign_in(op)
    query = query_of(hop_of(visitor.client.post("/signout")))
    assert sent.items() <= query.items()
    assert {"id_token_hint", "state", "client_id", "post_logout_redirect_uri"} <= query.keys()


def test_an_id_token_too_long_for_an_address_is_left_out_and_the_rest_stays(op, provider, visitor):
    op.id_token.claims["groups"] = [f"group-{number:036}" for number in range(300)]
    visitor.sign_in(op)
    hop = hop_of(visitor.client.post("/signout"))
    params = query_of(hop)
    assert len(hop) < 2000
    assert "id_token_hint" not in params
    assert params["client_id"] == "console"
    assert params["post_logout_redirect_uri"] == "http://localhost:8000/signed-out"
    assert op.visit(hop).path.startswith("/signed-out")
    assert op.violations == []
    nobody_is_signed_in(visitor)


def test_without_a_kept_id_token_there_is_no_hint(op, signed_in):
    ConsoleSession.objects.update(id_token=None)
    assert "id_token_hint" not in query_of(hop_of(signed_in.client.post("/signout")))


def test_an_id_token_that_cannot_be_decrypted_any_more_keeps_nobody_in(signed_in, provider):
    another = ConsoleSession(provider=provider)
    another.id_token = "sealed for another row"
    ConsoleSession.objects.update(id_token=another.id_token_envelope)
    assert "id_token_hint" not in query_of(hop_of(signed_in.client.post("/signout")))
    nobody_is_signed_in(signed_in)


def test_the_other_browser_stays_signed_in(op, signed_in):
    other = Browser()
    other.sign_in(op)
    signed_in.client.post("/signout")
    assert other.is_signed_in()


def test_another_site_cannot_sign_anybody_out(op, provider):
    visitor = Browser(enforce_csrf_checks=True)
    visitor.sign_in(op)
    assert visitor.client.post("/signout").status_code == 403
    assert visitor.client.get("/signout").status_code == 405
    assert visitor.is_signed_in()


def test_a_stranger_is_told_that_he_is_signed_out(db):
    response = Client().post("/signout")
    assert (response.status_code, response["Location"]) == (302, "/signed-out")


def test_an_administrator_by_password_signs_out_plainly(db):
    client = Client()
    get_user_model().objects.create_superuser("root", password="x" * 20)
    client.login(username="root", password="x" * 20)
    assert client.post("/signout")["Location"] == "/signed-out"
    assert Session.objects.count() == 0


@pytest.mark.parametrize("query", ["", "?state=x", "?state=%00", "?error=x&state=%ff"])
def test_the_last_page_minds_nothing(db, query):
    response = Client().get(f"/signed-out{query}")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


class TwoTabsTests:
    """Both tabs show a page from before the last sign-in, so the button in the first is too old."""

    @pytest.fixture
    def strict(self):
        browser = Browser()
        browser.client = Client(enforce_csrf_checks=True)
        return browser

    def press(self, browser, page):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
        return browser.client.post("/signout", {"csrfmiddlewaretoken": token})

    def test_the_page_says_so_and_its_own_button_signs_out(self, op, provider, strict):
        strict.sign_in(op)
        first_tab = strict.client.get("/")
        strict.sign_in(op)
        answer = self.press(strict, first_tab)
        assert (answer.status_code, answer["Cache-Control"]) == (403, "no-store")
        main = answer.content.decode().partition("<main")[2]
        assert "You are still signed in" in main
        assert 'action="/signout"' in main
        assert strict.is_signed_in()
        assert self.press(strict, answer).status_code == 200
        nobody_is_signed_in(strict)

    def test_the_console_session_that_the_button_ends_is_the_newest(self, op, provider, strict):
        strict.sign_in(op)
        first_tab = strict.client.get("/account")
        strict.sign_in(op)
        live = ConsoleSession.objects.filter(ended_at=None).count()
        answer = self.press(strict, first_tab)
        assert ConsoleSession.objects.filter(ended_at=None).count() == live
        self.press(strict, answer)
        nobody_is_signed_in(strict)

    def test_who_is_not_signed_in_is_not_told_that_he_is(self, db, strict):
        answer = strict.client.post("/signout")
        assert answer.status_code == 403
        assert "still signed in" not in answer.content.decode()
