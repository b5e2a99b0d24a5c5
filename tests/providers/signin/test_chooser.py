"""The sign-in page, and sign-ins that another site begins."""

import pytest
from django.test import Client

from tests.providers.signin.journey import assert_refused, outcome_of, register


def test_the_page_has_a_plain_link_for_each_enabled_provider_in_order(op, visitor):
    register(op, slug="second", order=2)
    register(op, slug="first", order=1)
    register(op, slug="hidden", enabled=False)
    response = visitor.client.get("/signin")
    assert [choice["url"] for choice in response.context["providers"]] == ["/signin/first", "/signin/second"]
    assert 'href="/signin/first"' in response.content.decode()
    assert op.requests == []


def test_the_page_costs_one_query(op, visitor, django_assert_num_queries):
    for slug in ("a", "b", "c"):
        register(op, slug=slug)
    with django_assert_num_queries(1):
        visitor.client.get("/signin")


def test_the_links_carry_a_local_next(provider, visitor):
    response = visitor.client.get("/signin", {"next": "/account?a=1&b=2"})
    assert response.context["providers"][0]["url"] == "/signin/corp?next=%2Faccount%3Fa%3D1%26b%3D2"
    assert response.context["next"] == "/account?a=1&b=2"


def test_the_links_carry_no_foreign_next(provider, visitor):
    response = visitor.client.get("/signin", {"next": "https://evil.example/"})
    assert response.context["providers"][0]["url"] == "/signin/corp"
    assert "evil" not in response.content.decode()


def test_the_page_is_not_cached(provider, visitor):
    assert visitor.client.get("/signin")["Cache-Control"] == "no-store"


def test_another_site_begins_at_the_provider_with_exactly_that_issuer(op, provider, visitor):
    query = {
        "iss": op.issuer,
        "login_hint": "alice",
        "target_link_uri": "http://localhost:8000/account",
    }
    response = visitor.client.get("/signin", query)
    assert response["Location"] == "/signin/corp?next=%2Faccount&login_hint=alice"
    assert visitor.client.get(response["Location"]).status_code == 302


@pytest.mark.parametrize("end", ["/", "x", "\x00", " "])
def test_an_issuer_that_is_nearly_registered_is_refused(op, provider, visitor, end):
    assert_refused(visitor.client.get("/signin", {"iss": op.issuer + end}), "provider_unknown", 403)
    assert op.requests == []


@pytest.mark.parametrize("iss", ["", "https://evil.example", "x" * 5000])
def test_an_unknown_issuer_is_never_contacted(provider, visitor, iss):
    assert_refused(visitor.client.get("/signin", {"iss": iss}), "provider_unknown", 403)


def test_a_disabled_provider_is_not_begun_at(op, visitor):
    register(op, enabled=False)
    assert outcome_of(visitor.client.get("/signin", {"iss": op.issuer})) == "provider_unknown"


def test_of_two_at_one_issuer_it_begins_at_the_first_in_order(op, visitor):
    register(op, slug="aaa", name="Aaa", order=2)
    register(op, slug="zzz", name="Zzz", order=1)
    register(op, slug="disabled", name="Disabled", order=0, enabled=False)
    assert visitor.client.get("/signin", {"iss": op.issuer})["Location"] == "/signin/zzz"


def test_another_site_cannot_choose_where_it_ends(op, provider, visitor):
    query = {"iss": op.issuer, "target_link_uri": "https://evil.example/"}
    assert visitor.client.get("/signin", query)["Location"] == "/signin/corp"


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_the_page_is_read_or_posted_to(db, visitor, method):
    assert getattr(visitor.client, method)("/signin").status_code == 405


class PostedByAnotherSiteTests:
    """A portal may send its form by itself (OpenID Connect Core 1.0 section 4): cross-site and without a token."""

    @pytest.fixture
    def portal(self):
        return Client(enforce_csrf_checks=True)

    def test_a_form_begins_as_a_link_does(self, op, provider, portal):
        form = {"iss": op.issuer, "login_hint": "alice", "target_link_uri": "http://localhost:8000/account"}
        response = portal.post("/signin", form)
        assert response["Location"] == "/signin/corp?next=%2Faccount&login_hint=alice"
        assert portal.get(response["Location"]).status_code == 302

    def test_it_does_not_touch_the_binding_of_other_tabs(self, op, provider, portal):
        assert "signin" not in portal.post("/signin", {"iss": op.issuer}).cookies

    @pytest.mark.parametrize("iss", ["", "https://evil.example", "\x00"])
    def test_an_unknown_issuer_is_refused(self, op, provider, portal, iss):
        assert_refused(portal.post("/signin", {"iss": iss}), "provider_unknown", 403)
        assert op.requests == []

    def test_it_cannot_choose_where_it_ends(self, op, provider, portal):
        form = {"iss": op.issuer, "target_link_uri": "https://evil.example/"}
        assert portal.post("/signin", form)["Location"] == "/signin/corp"

    def test_an_issuer_in_the_address_counts_for_links_only(self, op, provider, portal):
        assert portal.post(f"/signin?iss={op.issuer}").status_code == 403

    @pytest.mark.parametrize(
        "body",
        [
            {"data": b"&".join([b"a=b"] * 3000), "content_type": "application/x-www-form-urlencoded"},
            {"data": b"nothing", "content_type": "multipart/form-data"},
            {"data": b"iss=a", "content_type": "application/x-www-form-urlencoded; charset=utf-16"},
        ],
        ids=["too many fields", "broken", "another charset"],
    )
    def test_what_is_no_form_is_refused(self, provider, portal, body):
        assert_refused(portal.post("/signin", **body), "answer_refused", 400)
