"""Keys in the form that computes, parsed once per process; their state always comes from the database."""

from collections.abc import Callable
from typing import Generic, TypeVar

from ssoconsole.encryption.keyring import DecryptionFailed
from ssoconsole.jose.keys import JwkSet
from ssoconsole.jose.material import PrivateMaterial
from ssoconsole.jose.sign import private_key_from_pem
from tokens.errors import NoSigningKey
from tokens.models import SigningKey

MOST = 64

T = TypeVar("T")


class ParsedKeys(Generic[T]):
    """A small cache by kid. A kid is the thumbprint of its key, so that an entry can never be out of date."""

    def __init__(self, parse: Callable[[SigningKey], T]) -> None:
        self._parse = parse
        self._parsed: dict[str, T] = {}

    def of(self, key: SigningKey) -> T:
        parsed = self._parsed.get(key.kid)
        if parsed is None:
            parsed = self._parse(key)
            if len(self._parsed) >= MOST:
                self._parsed.clear()
            self._parsed[key.kid] = parsed
        return parsed

    def forget(self, kid: str) -> None:
        self._parsed.pop(kid, None)


def _private(key: SigningKey) -> PrivateMaterial:
    try:
        return private_key_from_pem(key.private_key)
    except (DecryptionFailed, ValueError) as error:
        raise NoSigningKey(
            "The signing key does not open with the configured encryption keys.", received=key.kid
        ) from error


private_keys: ParsedKeys[PrivateMaterial] = ParsedKeys(_private)
public_keys: ParsedKeys[JwkSet] = ParsedKeys(lambda key: JwkSet.parse({"keys": [key.public_jwk]}))
