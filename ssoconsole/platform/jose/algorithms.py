"""
The signature algorithms there are (RFC 7518 section 3, RFC 8037, RFC 9864); `none` is not among them.

And the arithmetic: the only lines that compute or check a signature, and the keys as these take them.
"""

import hmac
import os
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import shake_256
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ssoconsole.platform.jose.errors import AlgorithmRefused

Scheme = Literal["RS", "PS", "ES", "Ed", "HS"]


@dataclass(frozen=True)
class Algorithm:
    """
    One row of the table: what a key must be to serve it (`kty`, `crv`), and how it is computed.

    `digest` is hashlib's name of the hash; OpenID Connect Core section 3.1.3.6 uses the same for `at_hash`.
    """

    name: str
    scheme: Scheme
    kty: Literal["RSA", "EC", "OKP", "oct"]
    crv: str | None
    digest: Literal["sha256", "sha384", "sha512"]

    @cached_property
    def symmetric(self) -> bool:
        """Whether the key is a shared secret, so that whoever verifies could also sign."""
        return self.scheme == "HS"

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name of this algorithm: `EdDSA` and `Ed25519` (RFC 9864) are one, as Ed448 is not offered."""
        return _ED25519_NAMES if self.scheme == "Ed" else frozenset({self.name})


_ED25519_NAMES = frozenset({"EdDSA", "Ed25519"})

ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("RS256", "RS", "RSA", None, "sha256"),
        Algorithm("RS384", "RS", "RSA", None, "sha384"),
        Algorithm("RS512", "RS", "RSA", None, "sha512"),
        Algorithm("PS256", "PS", "RSA", None, "sha256"),
        Algorithm("PS384", "PS", "RSA", None, "sha384"),
        Algorithm("PS512", "PS", "RSA", None, "sha512"),
        Algorithm("ES256", "ES", "EC", "P-256", "sha256"),
        Algorithm("ES384", "ES", "EC", "P-384", "sha384"),
        Algorithm("ES512", "ES", "EC", "P-521", "sha512"),
        Algorithm("EdDSA", "Ed", "OKP", "Ed25519", "sha512"),
        Algorithm("Ed25519", "Ed", "OKP", "Ed25519", "sha512"),
        Algorithm("HS256", "HS", "oct", None, "sha256"),
        Algorithm("HS384", "HS", "oct", None, "sha384"),
        Algorithm("HS512", "HS", "oct", None, "sha512"),
    )
}

ASYMMETRIC = tuple(name for name, algorithm in ALGORITHMS.items() if not algorithm.symmetric)
SYMMETRIC = tuple(name for name, algorithm in ALGORITHMS.items() if algorithm.symmetric)


def find_algorithm(name: str) -> Algorithm:
    """Return the algorithm called exactly `name`; raises AlgorithmRefused (names are case-sensitive)."""
    algorithm = ALGORITHMS.get(name)
    if algorithm is None:
        raise AlgorithmRefused(expected="one of " + ", ".join(ALGORITHMS), received=name)
    return algorithm


PublicMaterial = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateMaterial = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_CURVE_NAMES = {curve.name: crv for crv, curve in CURVES.items()}
SHORTEST_SECRET_BYTES = 32


@dataclass(frozen=True)
class SharedSecret:
    """
    A client secret as a MAC key, at least 32 bytes (RFC 7518 section 3.2); raises ValueError for a shorter
    one.

    A type of its own, so that no public key can ever stand where a secret is expected (RFC 8725 section 2.1).
    """

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < SHORTEST_SECRET_BYTES:
            raise ValueError(f"a shared secret needs at least {SHORTEST_SECRET_BYTES} bytes")


def jwk_kind(key: PublicMaterial | PrivateMaterial | SharedSecret) -> tuple[str, str | None]:
    """Return `kty` and `crv` of `key`; no `crv` for RSA, a secret, and a curve that is not offered."""
    kind: type = type(key)
    kty = _type_of(kind)
    if kty == "EC":
        return kty, _CURVE_NAMES.get(key.curve.name)  # type: ignore[union-attr]  # as the type says
    return kty, "Ed25519" if kty == "OKP" else None


# The library's classes are abstract ones, of which each question runs through Python.
@cache
def _type_of(kind: type) -> str:
    if issubclass(kind, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return "RSA"
    if issubclass(kind, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return "EC"
    return "oct" if issubclass(kind, SharedSecret) else "OKP"


_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_ECDSA = {digest: ec.ECDSA(algorithm) for digest, algorithm in _HASHES.items()}


def verify_signature(
    algorithm: Algorithm, key: PublicMaterial | SharedSecret, signing_input: bytes, signature: bytes
) -> bool:
    """
    Return whether `signature` over `signing_input` was made with the counterpart of `key`.

    Raises ValueError when `key` is not of the algorithm's kind, which is a mistake of the caller and never
    the token's. A signature of the wrong length costs as much as one of the right length.
    """
    if jwk_kind(key) != (algorithm.kty, algorithm.crv):
        raise ValueError(f"this key is not for {algorithm.name}")
    if isinstance(key, SharedSecret):
        return hmac.compare_digest(hmac.digest(key.value, signing_input, algorithm.digest), signature)
    if isinstance(key, ed25519.Ed25519PublicKey):
        size = 64
    else:
        octets = (key.key_size + 7) // 8
        size = octets if isinstance(key, rsa.RSAPublicKey) else 2 * octets
    well_formed = len(signature) == size
    try:
        _verify(algorithm, key, signing_input, signature if well_formed else b"\x01" * size)
    except InvalidSignature:
        return False
    return well_formed


def spend_verification(algorithm: Algorithm) -> None:
    """Do the work of one verification for nothing, so that a refusal tells nothing by its time."""
    verify_signature(algorithm, _stand_in_key(algorithm.name), b"no token", b"")


def sign_bytes(algorithm: Algorithm, key: PrivateMaterial | SharedSecret, signing_input: bytes) -> bytes:
    """Return the signature as RFC 7518 section 3 spells it; raises ValueError for a key of another kind."""
    if jwk_kind(key) != (algorithm.kty, algorithm.crv):
        raise ValueError(f"this key is not for {algorithm.name}")
    digest = _HASHES[algorithm.digest]
    if isinstance(key, SharedSecret):
        return hmac.digest(key.value, signing_input, algorithm.digest)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signing_input, _rsa_padding(algorithm), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(signing_input, _ECDSA[algorithm.digest]))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return key.sign(signing_input)


def _verify(algorithm: Algorithm, key: PublicMaterial, signing_input: bytes, signature: bytes) -> None:
    digest = _HASHES[algorithm.digest]
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signing_input, _rsa_padding(algorithm), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        half = len(signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        key.verify(encode_dss_signature(r, s), signing_input, _ECDSA[algorithm.digest])
    else:
        key.verify(signature, signing_input)


def _rsa_padding(algorithm: Algorithm) -> padding.AsymmetricPadding:
    if algorithm.scheme == "RS":
        return padding.PKCS1v15()
    digest = _HASHES[algorithm.digest]
    # RFC 7518 section 3.5 fixes the length of the salt, for verification too.
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)


@cache
def _stand_in_key(name: str) -> PublicMaterial | SharedSecret:
    algorithm = ALGORITHMS[name]
    if algorithm.symmetric:
        return SharedSecret(os.urandom(64))
    if algorithm.kty == "RSA":
        return _nobodys_rsa_key()
    if algorithm.crv in CURVES:
        return ec.generate_private_key(CURVES[algorithm.crv]).public_key()
    return ed25519.Ed25519PrivateKey.generate().public_key()


def _nobodys_rsa_key() -> rsa.RSAPublicKey:
    # Generating an RSA key takes a noticeable time. The modulus need not be a product of two primes to be
    # worked with, and nobody knows its factors.
    n = int.from_bytes(shake_256(b"stand-in modulus").digest(256), "big") | 1 << 2047 | 1
    return rsa.RSAPublicNumbers(65537, n).public_key()
