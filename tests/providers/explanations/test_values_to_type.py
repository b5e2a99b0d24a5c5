"""The remedy of a refused sign-in has the value to type; the page of one that went well says what it did not bring."""

import pytest

from providers.models import SignInAttempt
from tests.providers.signin.journey import register
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


def page_of(bob):
    attempt = SignInAttempt.objects.latest("started_at")
    return bob.get(f"/admin/providers/signinattempt/{attempt.pk}/change/").content.decode()


def remedy_in(page):
    return page.partition("<dd data-remedy>")[2].partition("</dd>")[0]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://idp.example/other"}, "type https://idp.example/other as the issuer"),
        ({"iss": "https://login.example/{tenantid}/v2.0"}, "type the issuer of your own tenant"),
        (
            {"iss": "accounts.example"},
            "accounts.example cannot be registered: let the provider put http://127.0.0.1",
        ),
        ({"iss": " "}, "cannot be registered"),
        ({"aud": "wiki"}, "The client ID here is console, and the token is for wiki"),
        ({"aud": ["console", "wiki"], "azp": "console"}, "Type wiki among the trusted audiences"),
        ({"azp": "wiki"}, "The client ID here is console"),
    ],
)
def test_a_refused_id_token_ends_in_what_to_type(op, visitor, bob, claims, words):
    register(op)
    op.id_token.claims |= claims
    visitor.sign_in(op)
    assert words in remedy_in(page_of(bob))


def test_a_name_in_a_list_ends_in_the_path_that_reads_it(op, visitor, bob):
    register(op, principal_claims=["emails"])
    op.id_token.claims["emails"] = ["alice@corp.example"]
    visitor.sign_in(op)
    assert "type emails.0 to read its first member" in remedy_in(page_of(bob))


def test_an_assertion_that_is_rejected_ends_in_the_jwks_url(op, visitor, bob):
    provider = register(op, token_endpoint_auth_method="client_secret_basic")
    type(provider).objects.update(token_endpoint_auth_method="private_key_jwt")
    SignInAttempt.objects.create(
        provider=provider,
        reference="one-two-three",
        outcome="token_endpoint_error",
        received="status 401, invalid_client",
        started_at="2026-11-26T12:00:00Z",
    )
    assert "JWKS URL is http://localhost:8000/providers/corp/jwks.json" in remedy_in(page_of(bob))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-7200, "1 hour ago"), (7200, "the other clock is at least")],
)
def test_times_are_dates_and_the_distance_is_told(op, visitor, bob, seconds, words):
    register(op)
    op.id_token.shift("iat", seconds).shift("exp", seconds)
    visitor.sign_in(op)
    attempt = SignInAttempt.objects.get()
    assert attempt.outcome in ("expired", "issued_in_the_future")
    assert " UTC" in attempt.expected
    assert " UTC" in attempt.received
    assert words in attempt.received


class WentWellTests:
    def test_a_person_who_gains_nothing_is_told_with_the_claims_that_came(self, op, visitor, bob):
        register(op, group_rules=[{"claim_value": "admins", "group": "Admins"}])
        assert visitor.sign_in(op).status_code == 302
        page = page_of(bob)
        assert 'data-code="nothing_gained"' in page
        assert "claims that came:" in page

    def test_one_who_gains_something_is_not(self, op, visitor, bob):
        register(
            op, group_rules=[{"claim_value": "staff", "group": "Staff"}], scopes=["openid", "email", "groups"]
        )
        visitor.sign_in(op)
        assert "data-code=" not in page_of(bob)

    def test_an_administrator_who_can_never_match_is_told(self, op, visitor, bob):
        register(op, principal_claims=["preferred_username"], admin_principals=["alice@corp.example"])
        visitor.sign_in(op)
        assert 'data-code="administrator_never_matches"' in page_of(bob)

    def test_the_api_tells_the_same(self, op, visitor, bob):
        register(op, group_rules=[{"claim_value": "admins", "group": "Admins"}])
        visitor.sign_in(op)
        reference = SignInAttempt.objects.get().reference
        told = bob.get(f"/api/v1/signin-attempts/{reference}").json()
        assert "nothing_gained" in [each["code"] for each in told["findings"]]
