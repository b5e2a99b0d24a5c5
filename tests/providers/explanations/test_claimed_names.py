"""An administrator finds a refused attempt by what its claims called the person."""

import pytest

from providers.explanations.searching import attempts_like
from providers.models import ClaimedName, SignInAttempt
from tests.providers.signin.journey import register
from tests.support.leaks import assert_without

REFUSED = {"allowed_email_domains": ["elsewhere.example"], "scopes": ["openid", "email", "profile", "groups"]}


def found_by(text):
    return SignInAttempt.objects.filter(attempts_like(text))


@pytest.mark.parametrize(
    "typed",
    [
        "alice@corp.example",
        "ALICE@Corp.example",
        " alice@corp.example ",
        "alice",
        "Alice Example",
        "subject-1",
    ],
)
def test_by_address_name_and_subject(op, visitor, typed):
    register(op, **REFUSED)
    visitor.sign_in(op)
    assert found_by(typed).get().outcome == "not_admitted"


@pytest.mark.parametrize("typed", ["staff", "corp.example", "bob@corp.example", "console", "%", ""])
def test_by_nothing_else(op, visitor, typed):
    register(op, **REFUSED)
    visitor.sign_in(op)
    assert not found_by(typed).exists()


def test_a_single_group_is_nobodys_name_either(op, visitor):
    register(op, **REFUSED, mapping={"groups": "department"})
    op.id_token.claims["department"] = "finance"
    visitor.sign_in(op)
    assert found_by("alice@corp.example").exists()
    assert not found_by("finance").exists()


def test_by_what_the_mapping_reads(op, visitor):
    register(op, **REFUSED, mapping={"email": "contact.mail"}, principal_claims=["employee"])
    op.id_token.claims |= {"contact": {"mail": "a.example@corp.example"}, "employee": "E-1234"}
    visitor.sign_in(op)
    assert found_by("a.example@corp.example").count() == found_by("e-1234").count() == 1


@pytest.mark.parametrize(
    ("claim", "value", "typed"),
    [
        ("emails", ["a.example@corp.example", 7, None], "A.Example@corp.example"),
        ("mail", "a.example@corp.example", "a.example@corp.example"),
        ("unique_name", "CORP\\aexample", "corp\\aexample"),
        ("username", "aexample", "aexample"),
        ("nickname", "Ali", "ali"),
    ],
)
def test_by_an_address_or_name_that_the_registration_does_not_read(op, visitor, claim, value, typed):
    register(op, **REFUSED)
    op.id_token.claims[claim] = value
    visitor.sign_in(op)
    assert found_by(typed).get().outcome == "not_admitted"


@pytest.mark.parametrize("typed", ["alice@corp.example", "subject-1"])
def test_one_that_went_well_is_found_by_its_person(op, visitor, typed):
    register(op)
    visitor.sign_in(op)
    assert found_by(typed).get().outcome == "ok"
    assert ClaimedName.objects.count() == 0


def test_what_was_not_proven_is_not_claimed(op, visitor):
    register(op)
    op.id_token.break_signature()
    visitor.sign_in(op)
    assert ClaimedName.objects.count() == 0


def test_no_name_stands_in_the_database(op, visitor):
    register(op, **REFUSED)
    visitor.sign_in(op)
    rows = " ".join(ClaimedName.objects.values_list("name_hash", flat=True))
    assert_without(rows, "alice@corp.example", "subject-1")


def test_a_key_that_is_newest_since_finds_it_still(op, visitor, settings):
    register(op, **REFUSED)
    visitor.sign_in(op)
    settings.FIELD_ENCRYPTION_KEYS = [
        "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE",
        *settings.FIELD_ENCRYPTION_KEYS,
    ]
    assert found_by("alice@corp.example").exists()


def test_the_names_go_with_the_attempt(op, visitor):
    register(op, **REFUSED)
    visitor.sign_in(op)
    SignInAttempt.objects.all().delete()
    assert ClaimedName.objects.count() == 0
