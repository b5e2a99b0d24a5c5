"""Make a signed JWT, and the private keys that sign them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.algorithms import (
    CURVES,
    PrivateMaterial,
    SharedSecret,
    find_algorithm,
    jwk_kind,
    sign_bytes,
)
from ssoconsole.platform.jose.material import SMALLEST_RSA_BITS


def sign_jwt(
    claims: Mapping[str, Any],
    *,
    key: PrivateMaterial | SharedSecret,
    alg: str,
    kid: str | None,
    typ: str | None,
) -> str:
    """
    Return `claims` as a compact JWS (RFC 7519): header members `kid, alg, typ`, claims in the order given.

    `kid` and `typ` are left out when None. Raises ValueError for a key that is not for `alg` and for claims
    that are no strict JSON (NaN, lone surrogates), TypeError for values JSON has no form for,
    AlgorithmRefused for an unknown `alg`.
    """
    signing_input = f"{_header(kid, alg, typ)}.{_encoded(claims)}"
    signature = sign_bytes(find_algorithm(alg), key, signing_input.encode("ascii"))
    return f"{signing_input}.{base64url.encode(signature)}"


def generate_private_key(alg: str) -> PrivateMaterial:
    """
    Return a new private key for `alg`; RSA keys have 2048 bits.

    Raises ValueError for a symmetric `alg`, AlgorithmRefused for an unknown one.
    """
    algorithm = find_algorithm(alg)
    if algorithm.symmetric:
        raise ValueError(f"{alg} has no private key")
    if algorithm.kty == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=SMALLEST_RSA_BITS)
    if algorithm.crv in CURVES:
        return ec.generate_private_key(CURVES[algorithm.crv])
    return ed25519.Ed25519PrivateKey.generate()


def private_key_to_pem(key: PrivateMaterial) -> str:
    """Return `key` as PKCS#8 PEM in clear (RFC 5958); the caller encrypts it before storing."""
    return key.private_bytes(
        encoding=serialization.Encoding.PEM,
        format=serialization.PrivateFormat.PKCS8,
        encryption_algorithm=serialization.NoEncryption(),
    ).decode("ascii")


def private_key_from_pem(pem: str) -> PrivateMaterial:
    """
    Return the private key in `pem`, which is not encrypted.

    Raises ValueError for anything but an RSA key of 2048 bits or more, a key on P-256, P-384 or P-521, or an
    Ed25519 key; the message never repeats the text.
    """
    try:
        key = serialization.load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("not a private key in PEM, unencrypted") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= SMALLEST_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) and jwk_kind(key)[1]:
        return key
    raise ValueError("a private key of a kind or size that signs nothing here")


@lru_cache(maxsize=64)
def _header(kid: str | None, alg: str, typ: str | None) -> str:
    """All tokens of a key and a kind have the same."""
    members = {"kid": kid, "alg": alg, "typ": typ}
    return _encoded({name: value for name, value in members.items() if value is not None})


def _encoded(members: Mapping[str, Any]) -> str:
    return base64url.encode(_JSON.encode(members).encode("utf-8"))


# Plain UTF-8 rather than escapes, so that a lone surrogate fails here and not at everybody who reads the token.
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
