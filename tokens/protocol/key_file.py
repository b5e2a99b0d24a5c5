"""
Read a signing key out of a file, as other servers keep theirs.

Keys whose private half everybody has are known: they were shipped as examples, and are found in production.
"""

from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from ssoconsole.platform.jose import material
from ssoconsole.platform.jose.algorithms import PrivateMaterial, PublicMaterial, jwk_kind
from ssoconsole.platform.jose.keys import public_jwk, thumbprint
from ssoconsole.platform.jose.material import public_material
from tokens.errors import SigningKeyRefused

LARGEST_FILE = 65_536  # bytes; the largest RSA key that anything verifies with needs a fifth

# What the console signs with, by kind and curve of the key.
_ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}

# OpenMetadata's default JWT_KEY_ID (conf/openmetadata.yaml), which belongs to the key pair in its repository,
# images and charts (conf/private_key.der, conf/public_key.der). Its documentation asks to replace both.
KEY_IDS = frozenset({"gb389a-9f76-gdjs-a92j-0242bk94356"})

# RFC 7638 thumbprints of their public halves, under whatever key id they come. OpenMetadata's is the only modulus
# that fits the signatures of the tokens in its own sources.
THUMBPRINTS = frozenset({"Db0dhKG2UYMwVssQYb4_2XxUSyB2gmaXm-nOhX2Hvug"})


def read_key_file(raw: bytes) -> PrivateMaterial | PublicMaterial:
    """
    Return the key in `raw`: private (PKCS#8, PKCS#1 or SEC 1) or public only (SubjectPublicKeyInfo or PKCS#1),
    in PEM or DER.

    Raises SigningKeyRefused with a sentence about what else it is, which never repeats what is in the file.
    """
    if len(raw) > LARGEST_FILE:
        raise SigningKeyRefused("The file is too large to be a key.", expected=f"up to {LARGEST_FILE} bytes")
    if b"-----BEGIN CERTIFICATE" in raw:
        raise SigningKeyRefused("This is a certificate.", expected="the key itself, public or private")
    pem = b"-----BEGIN" in raw
    key = _private(raw, pem=pem) or _public(raw, pem=pem)
    if key is None:
        raise SigningKeyRefused(
            "There is no key in this file.", expected="a private or public key in PEM or DER"
        )
    if not isinstance(key, PrivateMaterial | PublicMaterial):
        raise SigningKeyRefused(
            "The console signs with nothing of this kind.", expected="RSA, P-256 or Ed25519"
        )
    return key


def algorithm_of(key: PrivateMaterial | PublicMaterial) -> str:
    """Return what `key` signs here; raises SigningKeyRefused for a kind, size or exponent that is not accepted."""
    alg = _ALGORITHMS.get(jwk_kind(key))
    if alg is None:
        raise SigningKeyRefused(
            "The console signs with nothing of this kind.", expected="RSA, P-256 or Ed25519"
        )
    try:
        public_material(public_jwk(key, alg=alg))
    except material.KeyRefused as error:
        raise SigningKeyRefused(f"The key is too weak or malformed: {error}.") from error
    return alg


def _private(raw: bytes, *, pem: bool) -> object:
    load = serialization.load_pem_private_key if pem else serialization.load_der_private_key
    try:
        return load(raw, password=None)
    except TypeError:
        raise SigningKeyRefused(
            "The key is encrypted with a passphrase.",
            expected="the key in clear: openssl pkey -in FILE -out CLEAR; the console encrypts it itself",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        return None


def _public(raw: bytes, *, pem: bool) -> object:
    load = serialization.load_pem_public_key if pem else serialization.load_der_public_key
    try:
        return load(raw)
    except (ValueError, UnsupportedAlgorithm):
        return None


def is_demonstration_key(jwk: Mapping[str, str], *, kid: str) -> bool:
    """Tell whether anybody can sign with this key, or could have replaced what is known by this key id."""
    return kid.strip().lower() in KEY_IDS or thumbprint(jwk) in THUMBPRINTS
