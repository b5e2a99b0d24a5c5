"""Signing keys in the form that computes; their state always comes from the database."""

from ssoconsole.encryption.keyring import DecryptionFailed
from ssoconsole.jose.keys import JwkSet
from ssoconsole.jose.material import PrivateMaterial
from ssoconsole.jose.parsed import ParsedKeys
from ssoconsole.jose.sign import private_key_from_pem
from tokens.errors import NoSigningKey
from tokens.models import SigningKey


def _private(key: SigningKey) -> PrivateMaterial:
    try:
        return private_key_from_pem(key.private_key)
    except (DecryptionFailed, ValueError) as error:
        raise NoSigningKey(
            "The signing key does not open with the configured encryption keys.", received=key.kid
        ) from error


private_keys: ParsedKeys[SigningKey, PrivateMaterial] = ParsedKeys(_private)
public_keys: ParsedKeys[SigningKey, JwkSet] = ParsedKeys(lambda key: JwkSet.parse({"keys": [key.public_jwk]}))
