"""With one provider the page can be left out, but never so that a person is sent round in circles."""

import pytest

from tests.providers.signin.journey import Browser, outcome_of, register

SHOWN = "<h1>Sign in</h1>"


@pytest.fixture(autouse=True)
def _straight(settings):
    settings.SIGN_IN_STRAIGHT_THROUGH = True


def shows_the_page(visitor, path="/signin"):
    response = visitor.client.get(path)
    return response.status_code == 200 and SHOWN in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/signin"])
def test_the_only_provider_is_left_for_at_once(provider, visitor, path, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = visitor.client.get(path)
    assert (response.status_code, response["Location"]) == (302, "/signin/corp")


def test_next_is_carried_and_only_a_local_one(provider, visitor):
    assert visitor.client.get("/signin?next=/account")["Location"] == "/signin/corp?next=%2Faccount"
    assert visitor.client.get("/signin?next=https://evil.example")["Location"] == "/signin/corp"


def test_a_visitor_of_a_closed_page_comes_back_to_it_signed_in(op, provider, visitor):
    response = visitor.client.get("/account", follow=False)
    straight = visitor.client.get(visitor.client.get(response["Location"])["Location"])
    assert visitor.arrive(op.visit(straight["Location"]))["Location"] == "/account"


def test_by_default_the_page_is_shown(provider, visitor, settings):
    settings.SIGN_IN_STRAIGHT_THROUGH = False
    assert shows_the_page(visitor)
    assert "stay-here" not in visitor.client.get("/signed-out").cookies


def test_whoever_wants_to_choose_may(provider, visitor):
    assert shows_the_page(visitor, "/signin?choose=1")


def test_two_providers_are_a_choice(op, provider, visitor):
    register(op, slug="other")
    assert shows_the_page(visitor)


def test_a_disabled_second_one_is_none(op, provider, visitor):
    register(op, slug="other", enabled=False)
    assert not shows_the_page(visitor)


def test_without_a_provider_the_page_says_so(db, visitor):
    assert shows_the_page(visitor)


def test_the_password_door_stays_where_it_is(provider, visitor):
    assert visitor.client.get("/admin/login/").status_code == 200


class NoCirclesTests:
    def test_signing_out_does_not_sign_in_again(self, op, provider, visitor):
        visitor.sign_in(op)
        visitor.client.post("/signout", follow=True)
        assert "choose=1" in visitor.client.get("/signed-out").content.decode()
        assert shows_the_page(visitor, "/")
        assert shows_the_page(visitor)

    def test_a_refusal_leads_back_to_the_page(self, op, provider, visitor):
        op.refuse()
        response = visitor.sign_in(op, next="/account")
        assert outcome_of(response) == "provider_error"
        page = response.content.decode()
        assert 'href="/signin?next=%2Faccount&amp;choose=1"' in page
        assert 'href="/signin/corp?next=%2Faccount"' in page
        assert shows_the_page(visitor, "/")

    def test_even_a_browser_without_cookies_can_stay(self, op, provider):
        forgetful = Browser()
        callback = op.visit(forgetful.leave())
        forgetful.client.cookies.clear()
        response = forgetful.arrive(callback)
        assert outcome_of(response) == "browser_mismatch"
        forgetful.client.cookies.clear()
        assert 'href="/signin?choose=1"' in response.content.decode()
        assert shows_the_page(forgetful, "/signin?choose=1")

    def test_the_pause_is_short_and_ends_with_a_sign_in(self, op, provider, visitor):
        cookie = visitor.client.get("/signed-out").cookies["stay-here"]
        assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (600, True, "Lax")
        response = visitor.sign_in(op)
        assert response.cookies["stay-here"]["max-age"] == 0
