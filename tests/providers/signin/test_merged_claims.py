"""What userinfo says is added to what the ID token says, and takes nothing of it away by saying nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.protocol.claims import is_true, merge_claims, value_at

IN_ONE = {"email": "contact.email", "email_verified": "contact.verified"}


def merged(id_token, userinfo, mapping=None):
    return merge_claims(id_token, userinfo, mapping=mapping or {})


@pytest.mark.parametrize(
    ("id_token", "userinfo", "claims"),
    [
        ({"name": "Alice"}, None, {"name": "Alice"}),
        ({"name": "Alice"}, {"name": "Bob"}, {"name": "Bob"}),
        ({"name": "Alice"}, {"name": None}, {"name": "Alice"}),
        ({"name": "Alice"}, {"name": ""}, {"name": "Alice"}),
        ({"groups": ["staff"]}, {"groups": None}, {"groups": ["staff"]}),
        ({"groups": ["staff"]}, {"groups": ""}, {"groups": ["staff"]}),
        ({"groups": ["staff"]}, {"groups": []}, {"groups": []}),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": None, "d": 3}}}, {"a": {"b": {"c": 1, "d": 3}}}),
        # What an object does not name is taken away: the roles of today are not also those of yesterday.
        ({"roles": {"admin": {}, "user": {}}}, {"roles": {"user": {}}}, {"roles": {"user": {}}}),
        ({"a": 1}, {"a": {"b": None}}, {"a": {"b": None}}),
        ({"a": True}, {"a": False}, {"a": False}),
        ({"a": 1}, {"a": 0}, {"a": 0}),
        ({}, {"email": ""}, {"email": ""}),
        ({"acr": "gold"}, {"acr": None, "sid": "s"}, {"acr": "gold"}),
    ],
)
def test_what_userinfo_leaves_empty_the_id_token_has_still_said(id_token, userinfo, claims):
    assert merged(id_token, userinfo) == claims


@pytest.mark.parametrize(
    ("userinfo", "email", "verified"),
    [
        ({"email": None}, "alice@corp.example", True),
        ({"email": ""}, "alice@corp.example", True),
        ({"email": "", "email_verified": None}, "alice@corp.example", True),
        ({"email": None, "email_verified": False}, "alice@corp.example", False),
        ({"email": "mallory@evil.example"}, "mallory@evil.example", None),
        ({"email": "mallory@evil.example", "email_verified": None}, "mallory@evil.example", None),
        ({"email": "mallory@evil.example", "email_verified": ""}, "mallory@evil.example", ""),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_an_address_keeps_its_own_verification(userinfo, email, verified, nested):
    id_token = {"email": "alice@corp.example", "email_verified": True}
    mapping = {"email": "email", "email_verified": "email_verified"}
    if nested:
        id_token, userinfo = {"contact": id_token}, {"contact": userinfo}
        mapping = {name: f"contact.{path}" for name, path in mapping.items()}
    if nested and "email_verified" not in userinfo["contact"] and email == "alice@corp.example":
        verified = None  # an object is said anew, but for what is empty in it
    claims = merged(id_token, userinfo, mapping)
    assert (value_at(claims, mapping["email"]), value_at(claims, mapping["email_verified"])) == (
        email,
        verified,
    )


OBJECTS = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["", "a@corp.example", "m@evil.example"]),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "a.b", "c", "b.c"]), inner, max_size=3),
    max_leaves=8,
)
CLAIMS = st.dictionaries(st.sampled_from(["a", "b", "a.b", "a.b.c"]), OBJECTS, max_size=3)
PATHS = st.sampled_from(["a", "b", "a.b", "a.c", "b.c", "a.b.c"])


@given(id_token=CLAIMS, userinfo=CLAIMS, email=PATHS, verified=PATHS)
def test_no_other_address_of_userinfo_is_verified_by_the_id_token(id_token, userinfo, email, verified):
    mapping = {"email": email, "email_verified": verified}
    known = {name: value for name, value in id_token.items() if value is not None}
    named = value_at(userinfo, email)
    if named in (None, "", value_at(known, email)) or value_at(userinfo, verified) not in (None, ""):
        return
    assert not is_true(value_at(merged(known, userinfo, mapping), verified))


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
        # Of the same address the ID token has spoken: Entra ID's userinfo has the address and never xms_edov.
        (
            {"email": A, "email_verified": True},
            {"email": A},
            {"email": A, "email_verified": True},
        ),
        (
            {"email": A, "email_verified": False},
            {"email": A, "email_verified": None},
            {"email": A, "email_verified": False},
        ),
        (
            {"email": A, "email_verified": True},
            {"email": A, "email_verified": False},
            {"email": A, "email_verified": False},
        ),
        ({"email": A, "email_verified": True}, {"email": A.upper()}, {"email": A.upper()}),
        ({"email": A, "email_verified": True}, {"email": B}, {"email": B}),
        ({"email": A, "email_verified": False}, {"email": B}, {"email": B}),
        ({"email_verified": True}, {"email": B}, {"email": B}),
        ({"email_verified": "1"}, {"email": B}, {"email": B}),
        ({"email_verified": False}, {"email": B}, {"email": B, "email_verified": False}),
        ({"email": "", "email_verified": 0}, {"email": B}, {"email": B, "email_verified": 0}),
        (
            {"email_verified": False},
            {"email": B, "email_verified": True},
            {"email": B, "email_verified": True},
        ),
        (
            {"email": A, "email_verified": False},
            {"email": B, "email_verified": True},
            {"email": B, "email_verified": True},
        ),
        ({"email": A}, {"email_verified": True}, {"email": A, "email_verified": True}),
        ({"email": A, "email_verified": True}, {"email": None}, {"email": A, "email_verified": True}),
    ],
)
def test_an_address_and_its_verification_come_from_one_source(token, userinfo, merged):
    assert merge_claims(token, userinfo, mapping={}) == merged


@pytest.mark.parametrize("no", [False, "false", 0, "no"])
@pytest.mark.parametrize("before", [{"email": A}, {}])
@pytest.mark.parametrize("now", [{"email": A}, {"email": A, "phone": "1"}, {"email": A, "verified": None}])
def test_an_object_that_is_said_anew_loses_no_no(no, before, now):
    claims = merged({"contact": {**before, "verified": no}}, {"contact": now}, IN_ONE)
    assert value_at(claims, "contact.verified") == no
    assert value_at(claims, "contact.email") == A
    claims = merged(
        {"contact": {**before, "verified": no}}, {"contact": {"email": A, "verified": True}}, IN_ONE
    )
    assert value_at(claims, "contact.verified") is True


def test_so_they_do_under_other_names():
    mapping = {"email": "contact.mail", "email_verified": "contact.checked"}
    token = {"contact": {"mail": A, "checked": True}, "contact.checked": True, "email_verified": True}
    merged = merge_claims(token, {"contact": {"mail": B}, "contact.checked": None}, mapping=mapping)
    assert merged["contact"] == {"mail": B}
    assert "checked" not in merged["contact"]
    assert merged["email_verified"] is True
