"""RSA keys, which take longer to make and to read than most tests do: a worker makes and reads a few, for all tests."""

from functools import cache

import pytest

import providers.client_keys
import tokens.keys.services
from ssoconsole.platform.jose.sign import generate_private_key, private_key_from_pem

_made = []
_read = cache(private_key_from_pem)


@pytest.fixture(autouse=True)
def _rsa_keys(monkeypatch):
    """The console's n-th RSA key of a test is the n-th of every test; nothing else about a key is remembered."""
    given = iter(range(10_000))

    def generate(alg):
        if not alg.startswith(("RS", "PS")):
            return generate_private_key(alg)
        number = next(given)
        if number == len(_made):
            _made.append(generate_private_key(alg))
        return _made[number]

    for module in (providers.client_keys, tokens.keys.services):
        monkeypatch.setattr(module, "generate_private_key", generate)
        monkeypatch.setattr(module, "private_key_from_pem", _read)
