"""An e-mail address leads to the provider that lists its domain, and nothing that only looks like it does."""

import pytest
from django.test import Client

from tests.providers.signin.journey import hop_of, outcome_of, query_of, register

ALICE = "alice@corp.example"


@pytest.fixture
def corp(op):
    return register(op, allowed_email_domains=["corp.example", "bücher.example"])


def ask(visitor, email, **more):
    return visitor.client.post("/signin", {"email": email, **more})


def is_routed(response):
    return "http-equiv" in response.content.decode()


def links(response):
    return [link["url"] for link in response.context["providers"]]


class FieldTests:
    def test_it_is_there_when_a_provider_lists_domains(self, corp, visitor):
        page = visitor.client.get("/signin?next=/account").content.decode()
        assert 'name="email"' in page
        assert '<input type="hidden" name="next" value="/account">' in page
        assert "corp.example" not in page

    def test_it_is_on_the_start_page_too(self, corp, visitor):
        assert 'name="email"' in visitor.client.get("/").content.decode()

    def test_it_is_not_there_when_none_does(self, provider, visitor):
        assert 'name="email"' not in visitor.client.get("/signin").content.decode()

    def test_nor_when_only_a_disabled_one_does(self, op, provider, visitor):
        register(op, slug="off", enabled=False, allowed_email_domains=["corp.example"])
        assert 'name="email"' not in visitor.client.get("/signin").content.decode()


class OneProviderTests:
    def test_it_leaves_for_the_provider_with_the_address_as_hint(self, op, corp, visitor):
        register(op, slug="other")
        response = ask(visitor, ALICE, next="/account")
        assert response.status_code == 200
        assert hop_of(response).startswith(op.url("authorization"))
        assert query_of(hop_of(response))["login_hint"] == ALICE

    def test_the_sign_in_ends_where_it_was_meant_to(self, op, corp, visitor):
        response = ask(visitor, ALICE, next="/account")
        assert visitor.arrive(op.visit(hop_of(response)))["Location"] == "/account"
        assert visitor.is_signed_in()

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
    def test_it_ends_nowhere_else(self, op, corp, visitor, target):
        response = ask(visitor, ALICE, next=target)
        assert visitor.arrive(op.visit(hop_of(response)))["Location"] == "/"

    @pytest.mark.parametrize(
        "email",
        ["ALICE@Corp.Example", "alice+tag@corp.example", "a@bücher.example", "a@xn--bcher-kva.example"],
    )
    def test_other_spellings_of_the_same_domain_lead_there_too(self, corp, visitor, email):
        assert is_routed(ask(visitor, email))

    def test_a_provider_that_is_down_is_a_refusal_in_words(self, op, corp, visitor):
        op.go_down()
        response = ask(visitor, ALICE)
        assert (response.status_code, outcome_of(response)) == (503, "provider_unreachable")

    def test_the_answer_is_not_kept_and_not_told(self, corp, visitor):
        response = ask(visitor, ALICE)
        assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")


class SeveralAndNoneTests:
    def test_several_are_offered_and_no_others(self, op, corp, visitor):
        register(op, slug="second", allowed_email_domains=["corp.example"])
        register(op, slug="third", allowed_email_domains=["other.example"])
        response = ask(visitor, ALICE, next="/account")
        assert links(response) == ["/signin/corp?next=%2Faccount", "/signin/second?next=%2Faccount"]
        assert "More than one" in response.content.decode()
        assert ALICE not in response.content.decode()

    def test_none_shows_the_page_again_and_names_no_domain(self, op, corp, visitor):
        response = ask(visitor, "bob@nowhere.example", next="/account")
        page = response.content.decode()
        assert response.status_code == 200
        assert links(response) == ["/signin/corp?next=%2Faccount"]
        assert "No sign-in provider is registered for that address" in page
        assert 'value="bob@nowhere.example"' in page
        assert "corp.example" not in page

    def test_a_disabled_provider_is_not_led_to(self, op, visitor):
        register(op, enabled=False, allowed_email_domains=["corp.example"])
        register(op, slug="other", allowed_email_domains=["other.example"])
        assert not is_routed(ask(visitor, ALICE))

    def test_markup_comes_back_as_text(self, corp, visitor):
        assert "<b>" not in ask(visitor, '"><b>x</b>@nowhere.example').content.decode()

    def test_either_costs_one_query(self, op, corp, visitor, django_assert_num_queries):
        register(op, slug="second", allowed_email_domains=["corp.example"])
        for email in (ALICE, "bob@nowhere.example"):
            with django_assert_num_queries(1):
                ask(visitor, email)
        assert op.requests == []


HOSTILE = [
    "",
    "alice",
    "@corp.example",
    "corp.example",
    "alice@",
    "alice@evil@corp.example",
    "alice@corp.example@evil",
    '"alice@evil"@corp.example',
    '"alice@corp.example"@evil',
    "alice@corp.example.evil",
    "alice@evilcorp.example",
    "alice@sub.corp.example",
    "alice@corp.example.",
    "alice@.corp.example",
    "alice@corp..example",
    " alice@corp.example",
    "alice@corp.example ",
    "alice@ corp.example",
    "alice@corp.example\n",
    "alice@corp.example\r\nBcc: x",
    "alice\t@corp.example",
    "alice@corp.example\0",
    "alice@corp.example%00",
    "alice%40evil@corp.example@x",
    "alice@с\u043erp.example",
    "alice@corp\u3002example",
    "alice@corp\uff0eexample",
    "alice\uff20corp.example",
    "alice@corp\u00ad.example",
    "alice@corp\u200b.example",
    "alice@\u202ecorp.example",
    "alice@b\u0075\u0308cher.example",
    "alice@xn--bcher-kvb.example",
    "alice(comment)@corp.example",
    "alice@corp.example(comment)",
    "<alice@corp.example>",
    "Alice <alice@corp.example>",
    "@evil:alice@corp.example",
    "alice@[corp.example]",
    "alice@corp.example,bob@evil",
    "a" * 250 + "@corp.example",
    "a" * 10_000,
    "alice@" + "corp.example" * 1000,
]


@pytest.mark.parametrize("email", HOSTILE)
def test_a_hostile_address_leads_nowhere(op, corp, visitor, email):
    response = ask(visitor, email)
    assert response.status_code == 200
    assert not is_routed(response)
    assert op.requests == []


class ConfidenceTests:
    """An address is its owner's business."""

    def test_it_is_in_no_log_and_in_no_address_of_ours(self, op, corp, visitor, caplog):
        response = ask(visitor, ALICE)
        ask(visitor, "alice@nowhere.example")
        assert "alice" not in caplog.text
        ours = response.content.decode().replace(hop_of(response).replace("&", "&amp;"), "")
        assert ALICE not in ours

    def test_no_other_site_can_post_the_form(self, corp):
        stranger = Client(enforce_csrf_checks=True)
        assert stranger.post("/signin", {"email": ALICE}).status_code == 403

    def test_with_the_pages_own_token_it_is_taken(self, corp):
        visitor = Client(enforce_csrf_checks=True)
        token = visitor.get("/signin").context["csrf_token"]
        response = visitor.post("/signin", {"email": ALICE, "csrfmiddlewaretoken": str(token)})
        assert is_routed(response)

    def test_asking_makes_no_session(self, corp, visitor):
        ask(visitor, ALICE)
        assert "session" not in visitor.client.cookies
