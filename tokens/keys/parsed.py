"""Signing keys in the form that computes; their state always comes from the database."""

from uuid import UUID

from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.jose.keys import MOST, JwkSet, ParsedKeys
from ssoconsole.platform.jose.material import PrivateMaterial
from ssoconsole.platform.jose.sign import private_key_from_pem
from tokens.errors import NoSigningKey
from tokens.models import SigningKey


def _private(key: SigningKey) -> PrivateMaterial:
    try:
        return private_key_from_pem(key.private_key)
    except (DecryptionFailed, ValueError) as error:
        raise NoSigningKey(
            "The signing key does not open with the configured encryption keys.", received=key.kid
        ) from error


def signing_key_of(pk: UUID) -> SigningKey:
    """
    Return the key with this primary key, read once by a process: for its `kid`, `alg` and halves, which never change.

    Its state is for the statement to say that has found the primary key.
    """
    key = _keys.get(pk)
    if key is None:
        key = SigningKey.objects.get(pk=pk)
        if len(_keys) >= MOST:
            _keys.clear()
        _keys[pk] = key
    return key


def known_key(kid: str) -> SigningKey | None:
    """Return the key with this `kid` if `signing_key_of` has read it here."""
    return next((key for key in _keys.values() if key.kid == kid), None)


def forget_key(key: SigningKey) -> None:
    """Drop what this process has of a key."""
    _keys.pop(key.pk, None)
    private_keys.forget(key.kid)


_keys: dict[UUID, SigningKey] = {}
private_keys: ParsedKeys[SigningKey, PrivateMaterial] = ParsedKeys(_private)
public_keys: ParsedKeys[SigningKey, JwkSet] = ParsedKeys(lambda key: JwkSet.parse({"keys": [key.public_jwk]}))
