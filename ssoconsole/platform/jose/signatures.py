"""The arithmetic: the only lines that compute or check a signature."""

import hmac
import os
from functools import cache
from hashlib import shake_256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ssoconsole.platform.jose.algorithms import ALGORITHMS, Algorithm
from ssoconsole.platform.jose.keys import SharedSecret
from ssoconsole.platform.jose.material import CURVES, PrivateMaterial, PublicMaterial, jwk_curve, jwk_type

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def verify_signature(
    algorithm: Algorithm, key: PublicMaterial | SharedSecret, signing_input: bytes, signature: bytes
) -> bool:
    """
    Return whether `signature` over `signing_input` was made with the counterpart of `key`.

    Raises ValueError when `key` is not of the algorithm's kind, which is a mistake of the caller and never
    the token's. A signature of the wrong length costs as much as one of the right length.
    """
    _check_fit(algorithm, key)
    if isinstance(key, SharedSecret):
        return hmac.compare_digest(hmac.digest(key.value, signing_input, algorithm.digest), signature)
    size = _signature_size(key)
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
    _check_fit(algorithm, key)
    digest = _HASHES[algorithm.digest]
    if isinstance(key, SharedSecret):
        return hmac.digest(key.value, signing_input, algorithm.digest)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signing_input, _rsa_padding(algorithm), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(signing_input, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return key.sign(signing_input)


def _verify(algorithm: Algorithm, key: PublicMaterial, signing_input: bytes, signature: bytes) -> None:
    digest = _HASHES[algorithm.digest]
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signing_input, _rsa_padding(algorithm), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        half = len(signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        key.verify(encode_dss_signature(r, s), signing_input, ec.ECDSA(digest))
    else:
        key.verify(signature, signing_input)


def _rsa_padding(algorithm: Algorithm) -> padding.AsymmetricPadding:
    if algorithm.scheme == "RS":
        return padding.PKCS1v15()
    digest = _HASHES[algorithm.digest]
    # RFC 7518 section 3.5 fixes the length of the salt, for verification too.
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)


def _signature_size(key: PublicMaterial) -> int:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return 64
    octets = (key.key_size + 7) // 8
    return octets if isinstance(key, rsa.RSAPublicKey) else 2 * octets


def _check_fit(algorithm: Algorithm, key: PublicMaterial | PrivateMaterial | SharedSecret) -> None:
    kind = ("oct", None) if isinstance(key, SharedSecret) else (jwk_type(key), jwk_curve(key))
    if kind != (algorithm.kty, algorithm.crv):
        raise ValueError(f"this key is not for {algorithm.name}")


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
