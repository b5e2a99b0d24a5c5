"""No sign-in ends at another site."""

import pytest

from providers.signin.next_url import local_target, with_next
from tests.providers.signin.journey import outcome_of

HOSTILE = [
    "https://evil.example/",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " /account",
    "/ account",
    "/account\x00",
    "/account\x7f",
    "/account\u2028",
    "/account\u202e",
    "javascript:alert(1)",
    "data:text/html,x",
    "account",
    "?next=/",
    "#",
    "",
    None,
    "http://localhost:8000",
    "http://localhost:8000@evil.example/",
    "http://localhost:8000.evil.example/",
    "http://localhost:80001/",
    "http://localhost:8000//evil.example",
    "http://localhost:8000/\\evil.example",
    "HTTP://localhost:8000/account",
    "/" + "a" * 2000,
]
LOCAL = {
    "/": "/",
    "/account": "/account",
    "/admin/?q=a&b=%2F%2Fevil.example": "/admin/?q=a&b=%2F%2Fevil.example",
    "/a#b": "/a#b",
    "/%5C%09evil": "/%5C%09evil",
    "/https://evil.example": "/https://evil.example",
    "/äöü": "/äöü",
    "http://localhost:8000/account": "/account",
}


@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_target_leads_nowhere(target):
    assert local_target(target) == ""


@pytest.mark.parametrize(("target", "path"), LOCAL.items())
def test_a_local_target_is_kept(target, path):
    assert local_target(target) == path


@pytest.mark.parametrize("target", [target for target in HOSTILE if target])
def test_a_hostile_target_ends_at_home(op, provider, visitor, target):
    assert visitor.sign_in(op, next=target)["Location"] == "/"


def test_the_way_on_survives_a_refusal(op, provider, visitor):
    op.refuse()
    response = visitor.sign_in(op, next="/account")
    assert outcome_of(response) == "provider_error"
    assert response.context["retry_url"] == "/signin?next=%2Faccount"


def test_empty_parameters_are_left_out():
    assert with_next("/signin", "") == "/signin"
    assert with_next("/signin", "", login_hint="a") == "/signin?login_hint=a"
