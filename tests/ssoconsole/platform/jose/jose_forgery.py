"""Keys and tokens for the tests of ssoconsole.platform.jose: good ones, and the raw material of bad ones."""

import json
import random
from functools import cache
from math import prod

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import settings

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.algorithms import (
    ASYMMETRIC,
    SYMMETRIC,
    SharedSecret,
    find_algorithm,
    sign_bytes,
)
from ssoconsole.platform.jose.keys import JwkSet, public_jwk
from ssoconsole.platform.jose.sign import generate_private_key, sign_jwt
from ssoconsole.platform.jose.verify import TypeRule, verify_jwt

NOW = 1_700_000_000
CLAIMS = {"iss": "https://idp.example", "sub": "alice", "aud": "console", "iat": NOW, "exp": NOW + 300}
SECRET = SharedSecret(b"correct horse battery staple, 32+")
ANY_TYPE = TypeRule(optional={"JWT"})
EVERY_ALGORITHM = ASYMMETRIC + SYMMETRIC

few_examples = settings(max_examples=60, deadline=None, database=None)


def private_key(alg):
    """The provider's key for `alg`: one RSA key for all RSA algorithms, one key for both names of Ed25519."""
    algorithm = find_algorithm(alg)
    return _private_key({"RSA": "RS256", "OKP": "EdDSA"}.get(algorithm.kty, alg))


@cache
def _private_key(alg):
    return generate_private_key(alg)


@cache
def weak_rsa_key(bits=1024):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


# Which draws give a prime: to look for one takes seconds.
ROCA_SEEDS = {2048: (125, 127), 4096: (83, 109)}


@cache
def roca_key(bits=2048):
    """A key as the library of CVE-2017-15361 made them, its primes k·M + (65537^a mod M)."""
    product = prod([2, *(n for n in range(3, 168, 2) if all(n % m for m in range(3, n, 2)))])
    p, q = (_roca_prime(bits // 2, product, random.Random(seed)) for seed in ROCA_SEEDS[bits])
    d = pow(65537, -1, (p - 1) * (q - 1))
    coefficients = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    numbers = rsa.RSAPrivateNumbers(p, q, d, *coefficients, rsa.RSAPublicNumbers(65537, p * q))
    return numbers.private_key(
        unsafe_skip_rsa_key_validation=True
    )  # which looks for a second whether p is a prime


def _roca_prime(bits, product, draw):
    while True:
        k = draw.randrange((3 << (bits - 2)) // product, (1 << bits) // product)
        candidate = k * product + pow(65537, draw.randrange(product), product)
        if pow(2, candidate - 1, candidate) == 1:
            return candidate


@cache
def secp256k1_key():
    return ec.generate_private_key(ec.SECP256K1())


def signing_key(alg):
    return SECRET if alg in SYMMETRIC else private_key(alg)


def jwk(alg, /, kid="k1", *, key=None, **changes):
    """The public JWK of `alg`'s key with `changes`; a change to None removes the member."""
    members = {**public_jwk(key or private_key(alg), alg=alg), "kid": kid, **changes}
    return {name: value for name, value in members.items() if value is not None}


def another_jwk(alg, /, kid="k1", **changes):
    """The same of a key that is another one."""
    algorithm = find_algorithm(alg)
    return jwk(
        alg, kid, key=_another_key({"RSA": "RS256", "OKP": "EdDSA"}.get(algorithm.kty, alg)), **changes
    )


@cache
def _another_key(alg):
    return generate_private_key(alg)


def key_set(*jwks):
    return JwkSet.parse({"keys": list(jwks)})


def verification_keys(alg):
    return SECRET if alg in SYMMETRIC else key_set(jwk(alg))


def good_token(alg="ES256", claims=CLAIMS, kid="k1", typ="JWT"):
    return sign_jwt(claims, key=signing_key(alg), alg=alg, kid=kid, typ=typ)


def forged(header, payload=CLAIMS, alg="ES256", signature=None, key=None):
    """A token over any header and payload, each a dict or raw bytes, signed by the real key unless told."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signing_input = ".".join(base64url.encode(part) for part in parts)
    if signature is None:
        signature = sign_bytes(find_algorithm(alg), key or signing_key(alg), signing_input.encode())
    return f"{signing_input}.{base64url.encode(signature)}"


def verified(token, alg="ES256", keys=None, types=ANY_TYPE, **options):
    """Verify as a door that accepts `alg` only, with the provider's keys."""
    return verify_jwt(token, keys=keys or verification_keys(alg), algorithms=[alg], types=types, **options)
