"""
The key ring: authenticated encryption and keyed hashes under the newest of several keys.

`key_ring` is that of this deployment; the rest knows no settings. Every ring key of 32 bytes is only ever HKDF input
(RFC 5869), so that the AES key and the HMAC key made from it are different bytes and neither gives the other away.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from ssoconsole.platform.jose import base64url

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_ID_CHARACTERS = 8

_ENVELOPE = re.compile(r"v1\.(?P<key_id>[0-9a-f]{8})\.(?P<sealed>[A-Za-z0-9_-]+)")


class KeyRingInvalid(ValueError):
    """The configured keys cannot be a ring. Says which entry and why, never what it holds."""

    code = "key_ring_invalid"


class DecryptionFailed(Exception):
    """
    A value does not open: unknown key, other row or field, or altered.

    All causes read the same; `unknown_key_id` is the key id (8 hex) when the ring has no such key, else None.
    """

    code = "decryption_failed"

    def __init__(self, unknown_key_id: str | None = None) -> None:
        super().__init__("an encrypted value does not open with the configured keys in this place")
        self.unknown_key_id = unknown_key_id


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """What is derived from one ring key; the ring key itself is not kept."""

    id: str
    aead: AESGCM = field(repr=False)
    mac_key: bytes = field(repr=False)

    @classmethod
    def derive(cls, ring_key: bytes) -> "_Key":
        key_id = hashlib.sha256(b"sso-console key id v1\0" + ring_key).hexdigest()[:8]
        aead = AESGCM(_hkdf(ring_key, b"sso-console encryption v1 aes-256-gcm"))
        return cls(key_id, aead, _hkdf(ring_key, b"sso-console keyed hash v1 hmac-sha-256"))


@dataclass(frozen=True, slots=True, eq=False)
class KeyRing:
    """Keys by age, newest first. Encrypts and hashes under the newest, opens under any."""

    _keys: tuple[_Key, ...]

    @classmethod
    def from_settings_value(cls, keys: Sequence[str]) -> "KeyRing":
        """
        Make a ring from base64url strings of 32 bytes each (padding optional), newest first.

        Raises KeyRingInvalid: empty ring, an entry that is not base64url or not 32 bytes, a duplicate.
        """
        if not keys:
            raise KeyRingInvalid("the key ring is empty")
        derived = tuple(_Key.derive(_ring_key(text, place)) for place, text in enumerate(keys, start=1))
        if len({key.id for key in derived}) != len(derived):
            raise KeyRingInvalid("two keys of the ring are the same")
        return cls(derived)

    @property
    def newest_key_id(self) -> str:
        """The id (8 hex) of the key that encrypts and hashes."""
        return self._keys[0].id

    @property
    def key_ids(self) -> list[str]:
        """The ids of all keys, newest first."""
        return [key.id for key in self._keys]

    def encrypt(self, plaintext: str, *, context: str) -> str:
        """
        Seal `plaintext` for one place: `v1.<key id>.<base64url of nonce (12), ciphertext and tag (16)>`.

        AES-256-GCM (NIST SP 800-38D). The head of the envelope and `context` are the associated data.
        """
        key = self._keys[0]
        head = f"{VERSION}.{key.id}"
        # Random 96-bit nonces are safe for 2^32 values under one key: far more than a console ever keeps.
        nonce = secrets.token_bytes(NONCE_BYTES)
        # JSON can carry a lone surrogate ("\ud800"), and whatever was accepted is kept.
        sealed = key.aead.encrypt(
            nonce, plaintext.encode("utf-8", "surrogatepass"), f"{head}.{context}".encode()
        )
        return f"{head}.{base64url.encode(nonce + sealed)}"

    def decrypt(self, envelope: str, *, context: str) -> str:
        """Open what `encrypt` sealed for the same `context`. Raises DecryptionFailed, whatever the cause."""
        key_id, sealed = _split(envelope)
        for key in self._keys:
            if key.id == key_id:
                break
        else:
            raise DecryptionFailed(unknown_key_id=key_id)
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            opened = key.aead.decrypt(nonce, ciphertext, f"{VERSION}.{key_id}.{context}".encode())
        except InvalidTag:
            raise DecryptionFailed from None
        return opened.decode("utf-8", "surrogatepass")

    def keyed_hash(self, value: bytes | str, *, purpose: str) -> str:
        """Hash for one purpose, under the newest key: `<key id>.<64 hex of HMAC-SHA-256>` (RFC 2104)."""
        return _keyed_hash(self._keys[0], value, purpose)

    def keyed_hashes(self, value: bytes | str, *, purpose: str) -> list[str]:
        """Hash under every key, newest first, so that a lookup `hash IN (…)` survives a new newest key."""
        return [_keyed_hash(key, value, purpose) for key in self._keys]


def key_ring() -> KeyRing:
    """Return the ring of the current settings, which `FIELD_ENCRYPTION_KEYS` gives. Raises KeyRingInvalid."""
    return _ring(tuple(settings.FIELD_ENCRYPTION_KEYS))


# By value, so that a test that overrides the setting gets its own ring; nothing is derived twice.
@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing.from_settings_value(keys)


def key_id_of(envelope: str) -> str:
    """Return the id (8 hex) of the key an envelope is under. Raises DecryptionFailed if it is no envelope."""
    return _split(envelope)[0]


def _keyed_hash(key: _Key, value: bytes | str, purpose: str) -> str:
    label = purpose.encode()
    # JSON can carry a lone surrogate; what a stranger sends must be hashed and refused, not crash.
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    # The length in front keeps ("ab", "c") and ("a", "bc") apart.
    message = len(label).to_bytes(4, "big") + label + raw
    return f"{key.id}.{hmac.digest(key.mac_key, message, 'sha256').hex()}"


def _split(envelope: str) -> tuple[str, bytes]:
    match = _ENVELOPE.fullmatch(envelope)
    if not match:
        raise DecryptionFailed
    try:
        sealed = base64url.decode(match["sealed"])
    except ValueError:
        raise DecryptionFailed from None
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise DecryptionFailed
    return match["key_id"], sealed


def _ring_key(text: str, place: int) -> bytes:
    try:
        key = base64url.decode(text.removesuffix("=").removesuffix("="))
    except ValueError:
        raise KeyRingInvalid(f"key {place} of the ring is not base64url") from None
    if len(key) != KEY_BYTES:
        raise KeyRingInvalid(f"key {place} of the ring has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _hkdf(ring_key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(ring_key)
