"""Client keys in the form that computes; which of them signs always comes from the database."""

from providers.errors import ClientCredentialsUnusable
from providers.models import ClientKey
from ssoconsole.encryption.keyring import DecryptionFailed
from ssoconsole.jose.material import PrivateMaterial
from ssoconsole.jose.parsed import ParsedKeys
from ssoconsole.jose.sign import private_key_from_pem


def _private(key: ClientKey) -> PrivateMaterial:
    try:
        return private_key_from_pem(key.private_key)
    except (DecryptionFailed, ValueError):
        raise ClientCredentialsUnusable(
            expected="a client key that opens with the configured encryption keys", received=f"key {key.kid}"
        ) from None


private_keys: ParsedKeys[ClientKey, PrivateMaterial] = ParsedKeys(_private)
