import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448
from hypothesis import given
from hypothesis import strategies as st
from jose_forgery import (
    ANY_TYPE,
    CLAIMS,
    EVERY_ALGORITHM,
    SECRET,
    few_examples,
    good_token,
    jwk,
    key_set,
    private_key,
    secp256k1_key,
    signing_key,
    verified,
    weak_rsa_key,
)
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from ssoconsole.platform.jose.algorithms import ASYMMETRIC, SYMMETRIC, SharedSecret
from ssoconsole.platform.jose.errors import AlgorithmRefused
from ssoconsole.platform.jose.keys import thumbprint
from ssoconsole.platform.jose.sign import (
    generate_private_key,
    private_key_from_pem,
    private_key_to_pem,
    sign_jwt,
)
from ssoconsole.platform.jose.verify import parse_jws, verify_jwt
from tests.support.leaks import assert_without

TYPED_CLAIMS = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "auth_time", "client_id", "azp", "nonce"}
TYPED_CLAIMS |= {"at_hash", "c_hash", "acr", "sid"}

# joserfc warns that RFC 9864 deprecates the name EdDSA; it must go on working all the same.
old_name_allowed = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")


def joserfc_key(alg):
    """The same key as an independent library holds it, by way of its PEM."""
    if alg in SYMMETRIC:
        return OctKey.import_key(SECRET.value)
    kinds = {"R": RSAKey, "P": RSAKey, "ES": ECKey, "Ed": OKPKey}
    kind = kinds.get(alg[0]) or kinds[alg[:2]]
    return kind.import_key(private_key_to_pem(private_key(alg)))


@old_name_allowed
@pytest.mark.parametrize("alg", EVERY_ALGORITHM)
def test_what_we_sign_an_independent_library_verifies(alg):
    token = jwt.decode(good_token(alg), joserfc_key(alg), algorithms=[alg])
    assert token.header == {"kid": "k1", "alg": alg, "typ": "JWT"}
    assert token.claims == CLAIMS


@old_name_allowed
@pytest.mark.parametrize("alg", EVERY_ALGORITHM)
def test_what_an_independent_library_signs_we_verify(alg):
    token = jwt.encode({"alg": alg, "kid": "k1"}, CLAIMS, joserfc_key(alg), algorithms=[alg])
    assert verified(token, alg).claims == CLAIMS


@old_name_allowed
@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_an_independent_library_reads_the_key_we_publish(alg):
    published = jwk(alg, kid=None)
    kind = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}[published["kty"]]
    assert jwt.decode(good_token(alg), kind.import_key(published), algorithms=[alg]).claims == CLAIMS
    assert kind.import_key(published).thumbprint() == thumbprint(jwk(alg))


@few_examples
@given(
    st.dictionaries(
        st.text(max_size=10).filter(lambda name: name not in TYPED_CLAIMS),
        st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.lists(st.text(), max_size=3),
        max_size=5,
    )
)
def test_any_claims_come_back_as_they_were_signed(claims):
    token = sign_jwt(claims, key=private_key("EdDSA"), alg="EdDSA", kid=None, typ=None)
    jwt_back = verify_jwt(token, keys=key_set(jwk("EdDSA")), algorithms=["EdDSA"], types=ANY_TYPE)
    assert jwt_back.claims == claims
    assert list(jwt_back.claims) == list(claims)


def test_the_text_is_compact_and_in_the_order_given():
    claims = {"z": "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n", "a": [1, 2]}
    jws = parse_jws(sign_jwt(claims, key=private_key("ES256"), alg="ES256", kid="k1", typ="at+jwt"))
    assert jws.unverified_payload.decode() == '{"z":"gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n","a":[1,2]}'
    assert list(jws.unverified_header) == ["kid", "alg", "typ"]


def test_what_is_not_given_is_left_out_of_the_header():
    token = sign_jwt(CLAIMS, key=private_key("ES256"), alg="ES256", kid=None, typ=None)
    assert parse_jws(token).unverified_header == {"alg": "ES256"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_claims_that_no_strict_reader_would_take_are_not_signed(value):
    with pytest.raises(ValueError):
        sign_jwt({"a": value}, key=private_key("ES256"), alg="ES256", kid=None, typ=None)


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("ES256", signing_key("ES384")),
        ("ES384", signing_key("ES256")),
        ("RS256", signing_key("ES256")),
        ("EdDSA", signing_key("ES256")),
        ("ES256", SECRET),
        ("HS256", signing_key("ES256")),
        ("ES256", secp256k1_key()),
    ],
)
def test_a_key_does_not_sign_for_another_algorithm(alg, key):
    with pytest.raises(ValueError, match="not for"):
        sign_jwt(CLAIMS, key=key, alg=alg, kid=None, typ=None)


def test_nothing_is_signed_with_none():
    with pytest.raises(AlgorithmRefused):
        sign_jwt(CLAIMS, key=SharedSecret(b"x" * 32), alg="none", kid=None, typ=None)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"])
def test_a_generated_key_is_new_each_time(alg):
    assert private_key_to_pem(generate_private_key(alg)) != private_key_to_pem(generate_private_key(alg))


@pytest.mark.parametrize("alg", SYMMETRIC)
def test_a_symmetric_algorithm_has_no_private_key(alg):
    with pytest.raises(ValueError):
        generate_private_key(alg)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES512", "EdDSA"])
def test_a_private_key_survives_its_pem(alg):
    pem = private_key_to_pem(private_key(alg))
    assert pem.startswith("-----BEGIN PRIVATE KEY-----\n")
    token = sign_jwt(CLAIMS, key=private_key_from_pem(pem), alg=alg, kid="k1", typ=None)
    assert verified(token, alg)


def _encrypted_pem():
    return private_key("ES256").private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )


def _public_pem():
    return (
        private_key("ES256")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@pytest.mark.parametrize(
    "pem_of",
    [
        lambda: "",
        lambda: "secret-but-no-key",
        lambda: json.dumps(jwk("ES256")),
        lambda: private_key_to_pem(private_key("ES256"))[:-40],
        lambda: _encrypted_pem().decode(),
        lambda: _public_pem().decode(),
        lambda: private_key_to_pem(weak_rsa_key()),
        lambda: private_key_to_pem(secp256k1_key()),
        lambda: private_key_to_pem(ed448.Ed448PrivateKey.generate()),
    ],
)
def test_what_is_not_a_usable_private_key_is_refused_without_repeating_it(pem_of):
    pem = pem_of()
    with pytest.raises(ValueError) as refusal:
        private_key_from_pem(pem)
    assert "private key" in str(refusal.value)
    if pem:
        assert_without(refusal.value, pem)
    assert refusal.value.__cause__ is None
