"""Other members of `aud` are taken where a person has named them (OpenID Connect Core 1.0 section 3.1.3.7, item 3)."""

import pytest

from providers.models import SignInAttempt
from tests.providers.refresh.checked_sessions import DUE, assert_ended, by_token, is_live, later
from tests.providers.signin.journey import assert_refused, register

PROJECT = "the-project"
SEVERAL = {"aud": ["console", PROJECT], "azp": "console"}


def test_a_named_one_is_taken(op, visitor):
    register(op, trusted_audiences=[PROJECT, "another"])
    op.id_token.claims |= SEVERAL
    assert visitor.sign_in(op).status_code == 302


@pytest.mark.parametrize(
    ("trusted", "claims", "outcome"),
    [
        ([], SEVERAL, "audience_mismatch"),
        (["another"], SEVERAL, "audience_mismatch"),
        ([PROJECT.upper()], SEVERAL, "audience_mismatch"),
        ([PROJECT], SEVERAL | {"aud": ["console", PROJECT, "stranger"]}, "audience_mismatch"),
        ([PROJECT], SEVERAL | {"aud": [PROJECT]}, "audience_mismatch"),
        ([PROJECT], SEVERAL | {"aud": PROJECT}, "audience_mismatch"),
        ([PROJECT], SEVERAL | {"azp": PROJECT}, "authorized_party_mismatch"),
        ([PROJECT], {"aud": SEVERAL["aud"]}, "missing_claim"),
        ([PROJECT], SEVERAL | {"azp": ""}, "authorized_party_mismatch"),
        ([PROJECT], SEVERAL | {"azp": None}, "missing_claim"),
    ],
)
def test_nothing_else_is(op, visitor, trusted, claims, outcome):
    register(op, trusted_audiences=trusted)
    op.id_token.claims |= claims
    assert_refused(visitor.sign_in(op), outcome, 400)


def test_the_refusal_names_the_members_to_add(op, visitor):
    register(op, trusted_audiences=[PROJECT])
    op.id_token.claims |= {"aud": ["console", "two", PROJECT, "three"], "azp": "console"}
    visitor.sign_in(op)
    assert SignInAttempt.objects.get().received == "two three"


@pytest.mark.parametrize(("trusted", "stays"), [([PROJECT], True), ([], False)])
def test_a_refreshed_token_is_judged_likewise(op, visitor, trusted, stays):
    provider = by_token(op, trusted_audiences=[PROJECT])
    op.id_token.claims |= SEVERAL
    op.refreshed_id_token.claims |= SEVERAL
    visitor.sign_in(op)
    type(provider).objects.update(trusted_audiences=trusted)
    with later(DUE):
        visitor.client.get("/account")
    if stays:
        assert is_live()
    else:
        assert_ended(op, visitor, "audience_mismatch")
