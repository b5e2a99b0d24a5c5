"""The client secret of a registration, also when its encryption key is gone."""

from enum import Enum
from typing import Final

from providers.models import Provider
from ssoconsole.encryption.keyring import DecryptionFailed


class Unreadable(Enum):
    """Stands for a secret that is there and does not open."""

    UNREADABLE = "unreadable"


UNREADABLE: Final = Unreadable.UNREADABLE

_Methods = Provider.ClientAuthentication
_BY_SECRET = (_Methods.BASIC, _Methods.POST, _Methods.SECRET_JWT)


def readable_secret(provider: Provider) -> str | Unreadable | None:
    """Return the secret, None without one, UNREADABLE when no key of the ring opens it."""
    try:
        secret: str | None = provider.client_secret
    except DecryptionFailed:
        return UNREADABLE
    return secret or None


def needs_secret(provider: Provider) -> bool:
    """Tell whether the console proves by the secret which client it is."""
    return provider.token_endpoint_auth_method in _BY_SECRET


def set_client_secret(provider: Provider, secret: str | None) -> None:
    """Put a secret on the row, sealed for it; `save_provider` keeps it. None or "" removes it."""
    provider.client_secret = secret or None
