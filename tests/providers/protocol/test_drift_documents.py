"""Whatever two documents hold, what decides who signs in stays as it was, and the rest is as it is now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.protocol.discovery import ANNOUNCES_ISS, PUSH_ENDPOINT
from providers.protocol.drift import (
    DECISIVE,
    REGISTRATION,
    Difference,
    decisive_differences,
    differences,
    host_of,
    without_decisive,
)
from providers.protocol.key_set import KeyChanges, exposed_keys, key_changes, public_halves, same_keys

MEMBERS = st.sampled_from(
    [*DECISIVE, REGISTRATION, ANNOUNCES_ISS, "scopes_supported", "service_documentation"]
)
VALUES = (
    st.none()
    | st.booleans()
    | st.sampled_from(["https://a.example/x", "https://b.example/x", "https://[", "not a URL"])
    | st.lists(st.sampled_from("abc"), max_size=3)
    | st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=2)
)
DOCUMENTS = st.dictionaries(MEMBERS, VALUES)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)
KEYS = st.dictionaries(
    st.sampled_from(["kty", "kid", "n", "e", "x", "y", "crv", "d", "k", "use"]), st.text() | JSON
)
KEY_SETS = st.fixed_dictionaries({"keys": st.lists(KEYS, max_size=4) | JSON}) | JSON


@given(before=DOCUMENTS, after=DOCUMENTS)
def test_nothing_decisive_is_left_and_nothing_else_is_lost(before, after):
    merged = without_decisive(before, after)
    assert decisive_differences(before, merged) == []
    decided = {difference.member for difference in decisive_differences(before, after)}
    assert {name: merged[name] for name in merged if name not in decided} == {
        name: after[name] for name in after if name not in decided
    }
    assert all(merged.get(name) == before.get(name) for name in decided)


@given(document=DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document):
    assert differences(document, dict(reversed(document.items()))) == []


@pytest.mark.parametrize(
    ("member", "before", "after", "decisive"),
    [
        ("token_endpoint", "https://a.example/", "https://a.example/token", True),
        ("issuer", "https://a.example", "https://b.example", True),
        ("authorization_endpoint", "https://a.example/", "https://a.example/x", True),
        ("userinfo_endpoint", "https://a.example/", "https://b.example/", True),
        ("end_session_endpoint", "https://a.example/", "https://b.example/", True),
        ("mtls_endpoint_aliases", None, {"token_endpoint": "https://b.example/"}, True),
        ("pushed_authorization_request_endpoint", "https://a.example/", "https://b.example/", True),
        ("jwks_uri", "https://a.example/", None, True),
        (PUSH_ENDPOINT, None, "https://a.example/", True),
        (REGISTRATION, "https://a.example/x", "https://A.example/y", False),
        (REGISTRATION, "https://a.example/x", "https://a.example:8443/x", True),
        (REGISTRATION, None, "https://a.example/x", True),
        (ANNOUNCES_ISS, True, False, True),
        (ANNOUNCES_ISS, True, None, True),
        (ANNOUNCES_ISS, False, True, False),
        ("scopes_supported", ["a"], ["b"], False),
    ],
)
def test_what_a_person_decides(member, before, after, decisive):
    assert Difference(member, before, after).is_decisive is decisive


@pytest.mark.parametrize("value", [None, 1, ["https://a.example"], "https://[", "no host"])
def test_what_is_no_url_has_no_host(value):
    assert host_of(value) == ""


def key(kid, x):
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x * 43}


RSA = {"kty": "RSA", "kid": "a", "n": "AAAA", "e": "AQAB"}
ENC = {"use": "enc"}


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([key("a", "A")], [key("a", "A")], KeyChanges()),
        ([key("a", "A")], [key("a", "A"), key("b", "B")], KeyChanges(added=("b",))),
        ([key("a", "A"), key("b", "B")], [key("b", "B")], KeyChanges(removed=("a",))),
        ([key("a", "A")], [key("a", "B")], KeyChanges(replaced=("a",))),
        ([key("a", "A")], [key("a", "A"), key("a", "B")], KeyChanges(replaced=("a",))),
        ([key("a", "A")], [key("a", "B"), key("a", "A")], KeyChanges(replaced=("a",))),
        ([key("a", "A"), key("a", "B")], [key("a", "A")], KeyChanges()),
        ([key("a", "A")], [key("b", "A")], KeyChanges(added=("b",), removed=("a",))),
        ([key("a", "A")], [key("a", "A") | {"use": "sig"}], KeyChanges()),
        ([key("a", "A")], [key("A", "B")], KeyChanges(added=("A",), removed=("a",))),
        ([], [key("a", "A")], KeyChanges(added=("a",))),
        ([key("a", "A")], [key("a", "A"), RSA], KeyChanges()),
        ([key("a", "A")], [RSA], KeyChanges(replaced=("a",))),
        ([key("a", "A"), RSA], [key("a", "B"), RSA], KeyChanges(replaced=("a",))),
        ([key("a", "A") | ENC, RSA], [key("a", "B") | ENC, RSA], KeyChanges()),
        ([key("a", "A") | ENC], [key("b", "A") | ENC], KeyChanges(added=("b",), removed=("a",))),
    ],
)
def test_what_came_what_went_and_what_is_another_under_an_old_name(before, after, changes):
    assert key_changes({"keys": before}, {"keys": after}) == changes


PUBLIC = (
    *("kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e", "x5t", "x5t#S256", "x5u", "x5c"),
)
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


@pytest.mark.parametrize("kty", ["RSA", "EC", "OKP"])
def test_of_a_key_what_is_public_is_kept_and_nothing_else(kty):
    whole = {name: name for name in (*PUBLIC, *PRIVATE, "note")} | {"kty": kty}
    [kept] = public_halves({"keys": [whole]})["keys"]
    assert kept == {name: whole[name] for name in PUBLIC}


@pytest.mark.parametrize("kty", ["oct", "AKP", None, 7])
def test_of_a_key_of_another_kind_nothing_is_kept(kty):
    assert public_halves({"keys": [{"kty": kty, "k": "secret", "kid": "a"}]}) == {"keys": []}


@pytest.mark.parametrize("member", PRIVATE)
def test_each_member_of_a_secret_half_that_is_published_exposes_the_key(member):
    assert exposed_keys({"keys": [key("a", "A"), key("b", "B") | {member: "x"}]}) == ("b",)
    assert exposed_keys({"keys": [key("a", "A") | {member: None}, key("b", "B") | {member: ""}]}) == ()


def test_a_key_without_a_name_goes_by_its_thumbprint():
    nameless = [{name: value for name, value in key("", x).items() if name != "kid"} for x in "AB"]
    changes = key_changes({"keys": nameless[:1]}, {"keys": nameless})
    assert (len(changes.added), changes.removed, changes.replaced) == (1, (), ())
    assert changes.added[0].startswith("without kid (")


@pytest.mark.parametrize(
    ("n", "e", "replaced"),
    [
        ("AKur", "AQAB", ()),  # Java writes a zero before it
        ("q6s", "AAEAAQ==", ()),
        ("q6s=", "AQAB", ()),
        ("q6w", "AQAB", ("r",)),
        ("q6sA", "AQAB", ("r",)),
        ("q6s", "AQAC", ("r",)),
        ("no base64", "AQAB", ("r",)),
    ],
)
def test_a_number_that_is_spelt_otherwise_is_the_same_key(n, e, replaced):
    before = {"kty": "RSA", "kid": "r", "n": "q6s", "e": "AQAB"}
    assert key_changes({"keys": [before]}, {"keys": [before | {"n": n, "e": e}]}).replaced == replaced


@given(before=KEY_SETS, after=KEY_SETS)
def test_any_key_set_can_be_compared_and_kept(before, after):
    changes = key_changes(before, after)
    assert not set(changes.added) & set(changes.removed)
    assert key_changes(after, after) == key_changes(before, before)
    assert same_keys(after, after)
    kept = public_halves(after)
    assert exposed_keys(kept) == ()
    assert all(not {"d", "k"} & key.keys() for key in kept["keys"])
