"""Two sets of claims become one: who says what, and what of it belongs together."""

import pytest

from providers.signin.claims import merge_claims

OF_THE_TOKEN = (
    *("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "auth_time", "nonce", "acr", "amr", "sid"),
)


@pytest.mark.parametrize("name", OF_THE_TOKEN)
def test_userinfo_says_nothing_about_the_token(name):
    assert merge_claims({name: "token"}, {name: "userinfo", "x": 1}, mapping={}) == {name: "token", "x": 1}
    assert merge_claims({}, {name: "userinfo", "x": 1}, mapping={}) == {"x": 1}


@pytest.mark.parametrize("userinfo", [None, {}])
def test_without_userinfo_the_token_says_it_all(userinfo):
    token = {"sub": "s", "email": "a@corp.example", "email_verified": True}
    assert merge_claims(token, userinfo, mapping={}) == token


A, B = "a@corp.example", "b@corp.example"


@pytest.mark.parametrize(
    ("token", "userinfo", "merged"),
    [
        (
            {"email": A, "email_verified": True},
            {"name": "n"},
            {"email": A, "email_verified": True, "name": "n"},
        ),
        ({"email": A, "email_verified": True}, {"email": A}, {"email": A}),
        ({"email": A, "email_verified": True}, {"email": B}, {"email": B}),
        ({"email": A, "email_verified": False}, {"email": B}, {"email": B}),
        ({"email_verified": True}, {"email": B}, {"email": B}),
        (
            {"email": A, "email_verified": False},
            {"email": B, "email_verified": True},
            {"email": B, "email_verified": True},
        ),
        ({"email": A}, {"email_verified": True}, {"email": A, "email_verified": True}),
        ({"email": A, "email_verified": True}, {"email": None}, {"email": None, "email_verified": True}),
    ],
)
def test_an_address_and_its_verification_come_from_one_source(token, userinfo, merged):
    assert merge_claims(token, userinfo, mapping={}) == merged


def test_so_they_do_under_other_names():
    mapping = {"email": "contact.mail", "email_verified": "contact.checked"}
    token = {"contact": {"mail": A, "checked": True}, "contact.checked": True, "email_verified": True}
    merged = merge_claims(token, {"contact": {"mail": B}, "contact.checked": None}, mapping=mapping)
    assert merged["contact"] == {"mail": B}
    assert "checked" not in merged["contact"]
    assert merged["email_verified"] is True
