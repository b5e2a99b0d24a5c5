"""Whatever is wrong with a token, refusing it costs one signature verification of the same kind."""

import pytest
from jose_forgery import (
    ANY_TYPE,
    CLAIMS,
    EVERY_ALGORITHM,
    another_jwk,
    forged,
    good_token,
    jwk,
    key_set,
    verification_keys,
    verified,
)

from ssoconsole.platform.jose import algorithms
from ssoconsole.platform.jose.algorithms import SYMMETRIC, find_algorithm
from ssoconsole.platform.jose.errors import JwtRefused
from ssoconsole.platform.jose.sign import generate_private_key
from ssoconsole.platform.jose.verify import verify_jwt


@pytest.fixture
def spent(monkeypatch):
    """The algorithms for which a verification was done, in order; the work itself still happens."""
    names = []

    def counted(algorithm, key, signing_input, signature, original=algorithms.verify_signature):
        names.append(algorithm.name)
        return original(algorithm, key, signing_input, signature)

    monkeypatch.setattr(algorithms, "verify_signature", counted)
    return names


def faulty_tokens(alg):
    header = {"alg": alg, "kid": "k1"}
    return {
        "too long": "a" * 20_000,
        "foreign characters": good_token(alg) + "\n",
        "two parts": "a.b",
        "not base64url": "a.b.c",
        "encrypted": "a.b.c.d.e",
        "header not json": forged(b"x", alg=alg),
        "critical extension": forged(header | {"crit": ["x"]}, alg=alg),
        "wrong type": good_token(alg, typ="at+jwt"),
        "no algorithm": forged(header | {"alg": "none"}, signature=b""),
        "signature wrong": forged(header, signature=b"\x01" * 64),
        "signature empty": forged(header, signature=b""),
        "payload not json": forged(header, b"x", alg=alg),
        "claim of the wrong type": forged(header, CLAIMS | {"exp": True}, alg=alg),
    }


@pytest.mark.parametrize("alg", EVERY_ALGORITHM)
def test_every_refusal_spends_one_verification_of_the_doors_algorithm(alg, spent):
    for fault, token in faulty_tokens(alg).items():
        with pytest.raises(JwtRefused):
            verified(token, alg)
        assert spent == [alg], fault
        spent.clear()


@pytest.mark.parametrize("alg", [alg for alg in EVERY_ALGORITHM if alg not in SYMMETRIC])
def test_an_unknown_or_ambiguous_key_spends_one_verification_too(alg, spent):
    for keys in (key_set(), key_set(jwk(alg, kid="other")), key_set(jwk(alg), another_jwk(alg))):
        with pytest.raises(JwtRefused):
            verified(good_token(alg), alg, keys=keys)
        assert spent == [alg]
        spent.clear()


def test_a_good_token_spends_one_verification(spent):
    assert verified(good_token())
    assert spent == ["ES256"]


def test_an_unknown_key_spends_a_verification_of_the_algorithm_it_would_have_been_for(spent):
    keys = key_set(jwk("RS256"), jwk("ES256"))
    for kid, alg in (("k1", "ES256"), ("nobody", "ES256"), ("nobody", "RS256")):
        token = forged({"alg": alg, "kid": kid}, signature=b"\x01" * 64)
        with pytest.raises(JwtRefused):
            verify_jwt(token, keys=keys, algorithms=("RS256", "ES256"), types=ANY_TYPE)
    assert spent == ["ES256", "ES256", "RS256"]


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_signature_of_the_wrong_length_is_not_refused_for_less_work(alg, monkeypatch):
    lengths = []

    def arithmetic(algorithm, key, signing_input, signature, original=algorithms._verify):
        lengths.append(len(signature))
        return original(algorithm, key, signing_input, signature)

    monkeypatch.setattr(algorithms, "_verify", arithmetic)
    for signature in (b"", b"x", b"x" * 3000):
        with pytest.raises(JwtRefused):
            verified(forged({"alg": alg, "kid": "k1"}, signature=signature), alg)
    assert lengths == [256 if alg == "RS256" else 64] * 3


@pytest.mark.parametrize(("alg", "key_of"), [("ES256", "ES384"), ("RS256", "EdDSA"), ("HS256", "ES256")])
def test_the_arithmetic_itself_refuses_a_key_of_another_kind(alg, key_of):
    public = generate_private_key(key_of).public_key()
    with pytest.raises(ValueError, match="not for"):
        algorithms.verify_signature(find_algorithm(alg), public, b"text", b"signature")


def test_the_arithmetic_itself_refuses_a_secret_where_a_public_key_belongs():
    with pytest.raises(ValueError, match="not for ES256"):
        algorithms.verify_signature(
            find_algorithm("ES256"), verification_keys("HS256"), b"text", b"signature"
        )
