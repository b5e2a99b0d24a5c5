import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose_forgery import NOW, few_examples

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.claims import (
    check_audience,
    check_times,
    half_hash,
    require,
    same,
)
from ssoconsole.platform.jose.errors import (
    AlgorithmRefused,
    AudienceMismatch,
    Expired,
    IssuedInTheFuture,
    IssuedTooLongAgo,
    IssuerMismatch,
    MissingClaim,
    NotYetValid,
)
from ssoconsole.platform.jose.issuer import check_issuer

ISSUER = "https://idp.example/realms/corp"


def test_required_claims_are_named_one_by_one():
    require({"iss": "", "sub": 0}, "iss", "sub")
    with pytest.raises(MissingClaim) as refusal:
        require({"iss": "x", "exp": None}, "iss", "exp", "sub")
    assert (refusal.value.expected, refusal.value.received) == ("exp", "absent")


@pytest.mark.parametrize("iss", [ISSUER + "1", ISSUER + "/", ISSUER[:-1], ISSUER.upper(), "", " " + ISSUER])
def test_an_issuer_that_differs_in_one_character_is_another_issuer(iss):
    check_issuer({"iss": ISSUER}, ISSUER)
    with pytest.raises(IssuerMismatch) as refusal:
        check_issuer({"iss": iss}, ISSUER)
    assert (refusal.value.expected, refusal.value.received) == (ISSUER, iss)


def test_without_issuer_or_audience_a_token_is_nobodys():
    with pytest.raises(MissingClaim):
        check_issuer({}, ISSUER)
    with pytest.raises(MissingClaim):
        check_audience({}, "console")


@pytest.mark.parametrize(
    ("aud", "trusted"),
    [
        ("console", ()),
        (["console"], ()),
        (["api", "console"], ("api",)),
        (["console", "api", "web"], {"web", "api", "unused"}),
    ],
)
def test_a_token_for_us_and_for_those_we_trust_is_ours(aud, trusted):
    check_audience({"aud": aud}, "console", trusted=trusted)


@pytest.mark.parametrize(
    ("aud", "trusted"),
    [
        ("console1", ()),
        ("consol", ()),
        ("Console", ()),
        ("console other", ()),
        (["api"], ("api",)),
        (["console", "api"], ()),
        (["console", "api"], ("web",)),
    ],
)
def test_a_token_for_somebody_else_is_refused(aud, trusted):
    with pytest.raises(AudienceMismatch):
        check_audience({"aud": aud}, "console", trusted=trusted)


def times(leeway=60, max_age_of_iat=None, **claims):
    check_times(claims, now=NOW, leeway=leeway, max_age_of_iat=max_age_of_iat)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": NOW + 300, "iat": NOW, "nbf": NOW},
        {"exp": NOW - 59},
        {"iat": NOW + 60},
        {"nbf": NOW + 60},
        {"exp": NOW + 1, "leeway": 0},
        {"iat": NOW - 3660, "max_age_of_iat": 3600},
        {"iat": 0},
        {"max_age_of_iat": 3600},
        {"nbf": NOW + 10, "iat": NOW + 10, "exp": NOW + 60},
    ],
)
def test_within_the_leeway_a_token_is_valid(claims):
    times(**claims)


@pytest.mark.parametrize(
    ("refusal", "claims"),
    [
        (Expired, {"exp": NOW - 60}),
        (Expired, {"exp": NOW, "leeway": 0}),
        (Expired, {"exp": 0}),
        (IssuedInTheFuture, {"iat": NOW + 61}),
        (IssuedInTheFuture, {"iat": NOW + 1, "leeway": 0}),
        (NotYetValid, {"nbf": NOW + 61}),
        (IssuedTooLongAgo, {"iat": NOW - 3661, "max_age_of_iat": 3600}),
        (IssuedTooLongAgo, {"iat": 0, "max_age_of_iat": 3600}),
        (Expired, {"exp": 0, "iat": NOW + 999, "nbf": NOW + 999}),
        (IssuedInTheFuture, {"iat": NOW + 999, "nbf": NOW + 999}),
    ],
)
def test_beyond_the_leeway_the_trace_says_which_claim(refusal, claims):
    with pytest.raises(refusal):
        times(**claims)


@pytest.mark.parametrize(
    ("alg", "digest"),
    [
        ("RS256", "sha256"),
        ("HS384", "sha384"),
        ("ES512", "sha512"),
        ("EdDSA", "sha512"),
        ("Ed25519", "sha512"),
    ],
)
def test_a_half_hash_is_the_left_half_of_the_algorithms_hash(alg, digest):
    whole = hashlib.new(digest, b"token").digest()
    assert half_hash(alg, "token") == base64url.encode(whole[: len(whole) // 2])


def test_the_half_hash_of_openid_connect_cores_own_example():
    # Appendix A.3: the access token and the at_hash of the ID token it came with.
    assert half_hash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_no_algorithm_no_half_hash():
    with pytest.raises(AlgorithmRefused):
        half_hash("none", "token")


@few_examples
@given(st.text(), st.text())
def test_sameness_is_equality_for_any_text(a, b):
    assert same(a, b) is (a == b)
    assert same(a, a)


@pytest.mark.parametrize("place", [0, 1, 15, 16, 31, 32, 63, 127])
def test_one_character_anywhere_makes_two_values_differ(place):
    """Random texts differ at once; one who guesses has all but the end right."""
    value = "a" * 128
    assert not same(value, value[:place] + "b" + value[place + 1 :])
    assert not same(value, value[:place])
    assert same(value, "a" * 128)


def test_sameness_takes_what_no_encoding_takes():
    assert not same("\ud800", "nonce")
    assert half_hash("RS256", "\ud800")
