import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from jose_forgery import (
    EVERY_ALGORITHM,
    another_jwk,
    few_examples,
    jwk,
    key_set,
    private_key,
    roca_key,
    secp256k1_key,
    weak_rsa_key,
)

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.algorithms import ASYMMETRIC, SYMMETRIC, SharedSecret
from ssoconsole.platform.jose.errors import AlgorithmRefused, AmbiguousKey, KeySetRefused, UnknownKey
from ssoconsole.platform.jose.keys import JwkSet, public_jwk, thumbprint
from tests.support.leaks import assert_without

P25519 = 2**255 - 19
ORDER_EIGHT = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def number(value):
    return base64url.encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def point(y):
    return base64url.encode(y.to_bytes(32, "little"))


def secp256k1_jwk():
    numbers = secp256k1_key().public_key().public_numbers()
    return {"kty": "EC", "crv": "secp256k1", "kid": "koblitz", "x": number(numbers.x), "y": number(numbers.y)}


def weak_jwk():
    return {
        "kty": "RSA",
        "kid": "weak",
        "e": "AQAB",
        "n": number(weak_rsa_key().public_key().public_numbers().n),
    }


ODD_MODULUS = number(2**2047 + 1)
SMALL_FACTOR = number(167 * (2**2047 + 9))
HUGE = {"kty": "RSA", "e": "AQAB", "n": number(2**16384 + 1)}

UNUSABLE = [
    ("not an object", "not a JSON object"),
    (None, "not a JSON object"),
    ({}, "kty None is not supported"),
    ({"kty": "quantum"}, "kty quantum is not supported"),
    ({"kty": ["RSA"]}, "is not supported"),
    ({"kty": "oct", "k": "AAAA"}, "symmetric key"),
    ({"kty": "OKP", "crv": "X25519", "x": point(9)}, "curve X25519"),
    ({"kty": "OKP", "crv": "Ed448", "x": "AAAA"}, "curve Ed448"),
    ({"kty": "EC", "crv": {}, "x": "AA", "y": "AA"}, "curve {}"),
    (HUGE, "16385 bits"),
    ({"kty": "RSA", "e": "AQAB", "n": ""}, "0 bits"),
    ({"kty": "RSA", "e": "Aw", "n": ODD_MODULUS}, "exponent"),
    ({"kty": "RSA", "e": number(2**64 + 1), "n": ODD_MODULUS}, "exponent"),
    ({"kty": "RSA", "e": number(65538), "n": ODD_MODULUS}, "e, the RSA exponent, is even"),
    ({"kty": "RSA", "e": "AQAB", "n": number(2**2047)}, "n, the RSA modulus, is even"),
    ({"kty": "RSA", "e": "AQAB", "n": ODD_MODULUS}, "n, the RSA modulus, has a small factor"),
    ({"kty": "RSA", "e": "AQAB", "n": SMALL_FACTOR}, "n, the RSA modulus, has a small factor"),
    (public_jwk(roca_key(), alg="RS256"), "n, the RSA modulus, has the ROCA flaw (CVE-2017-15361)"),
    (public_jwk(roca_key(4096), alg="RS256"), "n, the RSA modulus, has the ROCA flaw (CVE-2017-15361)"),
    ({"kty": "RSA", "e": "AQAB", "n": "!!"}, "n is not base64url"),
    ({"kty": "RSA", "e": "AQAB", "n": "A"}, "n is not base64url"),
    ({"kty": "RSA", "e": "AQAB", "n": 17}, "n is missing"),
    ({"kty": "RSA", "e": "AQAB"}, "n is missing"),
    ({"kty": "EC", "crv": "P-256", "x": point(5), "y": point(6)}, "not on P-256"),
    ({"kty": "EC", "crv": "P-256", "x": "AA", "y": point(6)}, "1 octets long, not 32"),
    ({"kty": "EC", "crv": "P-256", "x": point(5)}, "y is missing"),
    ({"kty": "OKP", "crv": "Ed25519", "x": "AA"}, "1 octets long, not 32"),
    ({"kty": "OKP", "crv": "Ed25519", "x": point(2)}, "not on Ed25519"),
    ({"kty": "OKP", "crv": "Ed25519", "x": point(P25519)}, "not on Ed25519"),
    ({"kty": "OKP", "crv": "Ed25519", "x": point(0)}, "small order"),
    ({"kty": "OKP", "crv": "Ed25519", "x": point(1)}, "small order"),
    ({"kty": "OKP", "crv": "Ed25519", "x": point(P25519 - 1)}, "small order"),
    ({"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(ORDER_EIGHT)}, "small order"),
]


@pytest.mark.parametrize(("bad", "reason"), UNUSABLE)
def test_one_unusable_key_is_set_aside_with_its_reason_and_the_others_stay(bad, reason):
    keys = key_set(bad, jwk("ES256"))
    assert [key.kid for key in keys.keys] == ["k1"]
    assert reason in keys.refused[0].reason


def test_an_rsa_key_of_1024_bits_and_a_secp256k1_key_are_set_aside_by_name():
    keys = key_set(weak_jwk(), secp256k1_jwk(), jwk("RS256"))
    assert [(key.kid, key.reason) for key in keys.refused] == [
        ("weak", "RSA key of 1024 bits; 2048 to 16384 are accepted"),
        ("koblitz", "curve secp256k1 is not supported"),
    ]
    assert keys.select(alg="RS256", kid="k1")


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_published_private_key_is_compromised_and_never_used(alg, member):
    keys = key_set(jwk(alg, **{member: "AQAB"}))
    assert keys.keys == ()
    assert "compromised" in keys.refused[0].reason
    assert "AQAB" not in keys.refused[0].reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kid": 7}, "kid is not a string"),
        ({"kid": "k" * 256}, "longer than 255"),
        ({"use": ["sig"]}, "use is not a string"),
        ({"alg": 1}, "alg is not a string"),
        ({"key_ops": "verify"}, "key_ops"),
        ({"key_ops": [1, {}]}, "key_ops"),
    ],
)
def test_a_member_of_the_wrong_type_makes_the_key_unusable(change, reason):
    keys = key_set(jwk("ES256") | change)
    assert reason in keys.refused[0].reason


def test_the_padding_and_the_leading_zero_octet_that_openmetadata_publishes_are_tolerated():
    n = private_key("RS256").public_key().public_numbers().n
    java = base64url.encode(b"\0" + n.to_bytes(256, "big"))
    padded = java + "=" * (-len(java) % 4)
    keys = key_set(jwk("RS256", n=padded, e="AQAB"), jwk("RS256", kid="k2", e="AAEAAQ=="))
    assert [key.material.public_numbers().n for key in keys.keys] == [n, n]


def test_no_more_than_a_hundred_keys_are_looked_at():
    keys = key_set(*[{"kty": "quantum"}] * 100, jwk("ES256"))
    assert keys.keys == ()
    assert keys.refused[-1].reason == "only the first 100 of 101 keys are looked at"


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, [], None, "keys", {"Keys": []}])
def test_a_document_that_is_no_key_set_is_refused_as_a_whole(document):
    with pytest.raises(KeySetRefused):
        JwkSet.parse(document)
    with pytest.raises(KeySetRefused):
        JwkSet.parse_bytes(json.dumps(document).encode())


def test_a_key_set_is_read_from_bytes_and_must_be_strict_json():
    document = json.dumps({"keys": [jwk("ES256")]}).encode()
    assert JwkSet.parse_bytes(document) == key_set(jwk("ES256"))
    for raw in (b"<html>", document.decode().encode("utf-16"), b'{"keys": [], "keys": []}'):
        with pytest.raises(KeySetRefused):
            JwkSet.parse_bytes(raw)


@few_examples
@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "n", "e", "x", "y", "kid", "use", "key_ops"]),
        st.text()
        | st.none()
        | st.integers()
        | st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", point(3), "AQAB"]),
    )
)
def test_no_key_makes_the_parser_fail(members):
    keys = JwkSet.parse({"keys": [members]})
    assert len(keys.keys) + len(keys.refused) == 1


@few_examples
@given(st.binary(min_size=32, max_size=32))
def test_thirty_two_octets_are_a_point_of_large_order_or_refused(raw):
    keys = key_set({"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(raw)})
    assert len(keys.keys) + len(keys.refused) == 1


# --- which key verifies ---


def providers_usual_set():
    """Signing keys of every kind without `alg`, and encryption keys, as conformance suites have them."""
    return key_set(
        jwk("RS256", kid="r", alg=None),
        jwk("ES256", kid="e", alg=None),
        secp256k1_jwk(),
        jwk("EdDSA", kid="o", alg=None),
        jwk("RS256", kid="renc", alg=None, use="enc"),
        jwk("ES256", kid="eenc", alg=None, use="enc"),
    )


@pytest.mark.parametrize(
    ("alg", "kid"), [("RS256", "r"), ("PS512", "r"), ("ES256", "e"), ("EdDSA", "o"), ("Ed25519", "o")]
)
def test_the_one_fitting_key_is_found_with_its_kid_and_without(alg, kid):
    assert providers_usual_set().select(alg=alg, kid=kid).kid == kid
    assert providers_usual_set().select(alg=alg, kid=None).kid == kid
    assert providers_usual_set().select(alg=alg, kid="").kid == kid


@pytest.mark.parametrize(
    ("alg", "kid"),
    [
        ("RS256", "e"),
        ("RS256", "renc"),
        ("ES256", "eenc"),
        ("ES256", "koblitz"),
        ("ES384", "e"),
        ("ES384", None),
        ("RS256", "nobody"),
        ("RS256", "R"),
        ("HS256", "r"),
        ("HS256", None),
    ],
)
def test_a_key_of_another_kind_or_name_is_unknown(alg, kid):
    with pytest.raises(UnknownKey):
        providers_usual_set().select(alg=alg, kid=kid)


@pytest.mark.parametrize(
    ("change", "serves"),
    [
        ({}, True),
        ({"use": "enc"}, False),
        ({"use": "signature"}, False),
        ({"key_ops": ["verify"]}, True),
        ({"key_ops": ["sign"]}, False),
        ({"key_ops": ["sign", "encrypt"]}, False),
        ({"key_ops": []}, True),
        ({"alg": "PS256"}, False),
        ({"alg": "RSA-OAEP"}, False),
        ({"alg": "rs256"}, False),
        ({"use": None, "alg": None}, True),
        ({"use": "", "alg": ""}, True),
    ],
)
def test_use_operations_and_algorithm_of_a_key_are_honoured(change, serves):
    keys = key_set({name: value for name, value in (jwk("RS256") | change).items() if value is not None})
    if serves:
        assert keys.select(alg="RS256", kid="k1")
    else:
        with pytest.raises(UnknownKey):
            keys.select(alg="RS256", kid="k1")


@pytest.mark.parametrize("empty", [None, ""])
def test_a_private_member_without_a_value_publishes_nothing(empty):
    names = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
    assert key_set(jwk("RS256") | dict.fromkeys(names, empty)).select(alg="RS256", kid="k1")
    assert key_set(jwk("RS256") | dict.fromkeys(names, empty) | {"q": "AAAA"}).keys == ()


def test_an_empty_kid_is_none():
    keys = key_set(jwk("RS256", kid=""))
    assert keys.select(alg="RS256", kid="whatever").kid is None


@pytest.mark.parametrize(("published", "asked"), [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")])
def test_both_names_of_ed25519_mean_the_same_key(published, asked):
    assert key_set(jwk("EdDSA", alg=published)).select(alg=asked, kid="k1")


def test_an_encryption_key_with_the_same_kid_does_not_stand_in_the_way():
    keys = key_set(jwk("RS256"), jwk("RS256", use="enc", alg=None), jwk("ES256"))
    assert keys.select(alg="RS256", kid="k1").use == "sig"


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
@pytest.mark.parametrize("asked", ["k1", None])
@pytest.mark.parametrize(
    "again",
    [{}, {"alg": None}, {"use": None}, {"key_ops": ["verify"]}, {"x5t": "abc", "use": None, "alg": None}],
    ids=str,
)
def test_a_key_that_is_published_twice_is_one_key(alg, asked, again):
    first, second = jwk(alg), jwk(alg, **again)
    for keys in ((first, second), (second, first), (first, second, first)):
        assert key_set(*keys).select(alg=alg, kid=asked).kid == "k1"


def test_one_key_under_two_names_is_one_key_for_a_token_that_names_none():
    keys = key_set(jwk("RS256"), jwk("RS256", kid="k2"), jwk("RS256", kid=None))
    assert keys.select(alg="RS256", kid=None)
    assert keys.select(alg="RS256", kid="k2").kid == "k2"
    with pytest.raises(UnknownKey):
        keys.select(alg="RS256", kid="k3")


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
def test_two_different_keys_of_one_name_are_ambiguous(alg):
    for second in (another_jwk(alg), another_jwk(alg, alg=None)):
        with pytest.raises(AmbiguousKey) as refusal:
            key_set(jwk(alg), jwk(alg), second).select(alg=alg, kid="k1")
        told = refusal.value.expected, refusal.value.received
        assert told == (f"one key for {alg}, not 2 different ones", "kid k1")


@pytest.mark.parametrize("kid", [None, ""])
def test_without_kid_several_different_keys_are_ambiguous(kid):
    with pytest.raises(AmbiguousKey):
        key_set(jwk("RS256"), another_jwk("RS256", kid="k2")).select(alg="RS256", kid=kid)


def test_a_provider_that_names_no_key_is_served_while_one_key_fits():
    nameless = {name: value for name, value in jwk("RS256").items() if name != "kid"}
    assert key_set(nameless).select(alg="RS256", kid="whatever").kid is None
    with pytest.raises(AmbiguousKey):
        key_set(nameless, another_jwk("RS256", kid=None)).select(alg="RS256", kid="whatever")
    with pytest.raises(UnknownKey):
        key_set(nameless, jwk("RS256")).select(alg="RS256", kid="whatever")


def test_an_unknown_algorithm_selects_nothing():
    with pytest.raises(AlgorithmRefused):
        providers_usual_set().select(alg="none", kid="r")


def test_the_trace_of_an_unknown_key_names_what_was_published_and_what_came():
    with pytest.raises(UnknownKey) as refusal:
        providers_usual_set().select(alg="RS256", kid="new")
    assert (refusal.value.expected, refusal.value.received) == ("for RS256, kid r", "kid new")
    with pytest.raises(UnknownKey) as refusal:
        key_set().select(alg="RS256", kid=None)
    assert (refusal.value.expected, refusal.value.received) == (
        "for RS256, a published key; there is none",
        "no kid",
    )


# --- what we publish ---


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_what_we_publish_is_read_back_as_the_same_key(alg):
    published = public_jwk(private_key(alg), alg=alg)
    assert published == public_jwk(private_key(alg).public_key(), alg=alg)
    assert (published["use"], published["alg"], published["kid"]) == ("sig", alg, thumbprint(published))
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(published)
    found = key_set(published).select(alg=alg, kid=published["kid"])
    assert public_jwk(found.material, alg=alg) == published


def test_coordinates_keep_their_length_and_numbers_lose_leading_zeros():
    assert len(base64url.decode(jwk("ES512")["x"])) == 66
    assert base64url.decode(jwk("RS256")["n"])[0] != 0
    assert jwk("RS256")["e"] == "AQAB"


@pytest.mark.parametrize(
    ("key_of", "alg"), [("RS256", "ES256"), ("ES256", "ES384"), ("EdDSA", "RS256"), ("ES256", "HS256")]
)
def test_a_key_is_not_published_for_an_algorithm_it_cannot_serve(key_of, alg):
    with pytest.raises(ValueError):
        public_jwk(private_key(key_of), alg=alg)


def test_a_curve_that_is_not_offered_is_not_published():
    with pytest.raises(ValueError):
        public_jwk(secp256k1_key(), alg="ES256")


@pytest.mark.parametrize(
    "incomplete",
    [
        {},
        {"kty": "RSA", "n": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": "a"},
        {"kty": "oct", "k": "a"},
    ],
)
def test_an_incomplete_key_has_no_thumbprint(incomplete):
    with pytest.raises(ValueError):
        thumbprint(incomplete)


def test_the_thumbprint_counts_only_what_makes_the_key():
    assert thumbprint(jwk("ES256")) == thumbprint(jwk("ES256", kid="other", use=None, alg="x"))
    assert thumbprint(jwk("ES256")) != thumbprint(jwk("ES384"))


def test_a_shared_secret_is_long_enough_and_does_not_show_itself():
    assert_without(repr(SharedSecret(b"correct horse battery staple, 32+")), "battery")
    with pytest.raises(ValueError):
        SharedSecret(b"x" * 31)


def test_the_table_has_every_algorithm_once_and_none_is_not_in_it():
    assert "none" not in EVERY_ALGORITHM
    assert set(SYMMETRIC) == {"HS256", "HS384", "HS512"}
    assert len(EVERY_ALGORITHM) == 14
    assert isinstance(private_key("PS384"), rsa.RSAPrivateKey)
