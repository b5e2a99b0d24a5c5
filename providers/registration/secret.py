"""
The client secret of a registration, also when its encryption key is gone.

A secret belongs to the issuer that it was entered for, and to the hosts of its token endpoint and of its endpoint for
pushed requests. For every other one it is entered again or forgotten: whoever may change a registration could otherwise
read the secret, which no page shows, by letting the console send it to a host of his own.
"""

from collections.abc import Mapping
from typing import Any

from providers.models import Provider
from providers.protocol.claims import belongs_to, takers_of
from providers.registration.errors import RegistrationInvalid
from ssoconsole.platform.jose.algorithms import SYMMETRIC

ENTER_AGAIN = (
    "The stored one was entered for another issuer, or for other hosts of its endpoints: enter the secret again that "
    "this provider knows."
)

_Methods = Provider.ClientAuthentication
_BY_SECRET = (_Methods.BASIC, _Methods.POST, _Methods.SECRET_JWT)


def needs_secret(provider: Provider) -> bool:
    """Tell whether the console proves by the secret which client it is."""
    return provider.token_endpoint_auth_method in _BY_SECRET


def uses_secret_as_key(provider: Provider) -> bool:
    """Tell whether ID tokens are verified by the secret."""
    names = provider.signing_algs
    return isinstance(names, list) and any(name in SYMMETRIC for name in names)


def set_client_secret(provider: Provider, secret: str | None) -> None:
    """
    Put a secret that somebody has entered on the row, sealed for it; `save_provider` keeps it. None or "" removes it.

    It will belong to the issuer that the registration has when it is saved.
    """
    provider.client_secret = secret or None
    provider.secret_is_entered = bool(secret)


def problem_of_secret(
    provider: Provider, document: Mapping[str, Any] | None, *, is_first: bool = False
) -> str | None:
    """Say so if the registration uses a secret that is somebody else's; the arguments are those of `claim_secret`."""
    if _is_own(provider, document, is_first):
        return None
    return ENTER_AGAIN if needs_secret(provider) or uses_secret_as_key(provider) else None


def claim_secret(provider: Provider, document: Mapping[str, Any] | None, *, is_first: bool) -> None:
    """
    Let the secret belong to the issuer of the row and to the endpoints of `document`, if somebody has entered it now.

    `document` is the one that is, or is about to be, in use; with `is_first` there was none of this issuer before, so
    that the hosts were not known when the secret was entered. A secret of somebody else that nothing uses is
    forgotten. Raises RegistrationInvalid for one that is used.
    """
    if problem := problem_of_secret(provider, document, is_first=is_first):
        raise RegistrationInvalid({"client_secret": [problem]})
    if not provider.has_secret or not _is_own(provider, document, is_first):
        set_client_secret(provider, None)
        provider.client_secret_for = []
    elif provider.secret_is_entered:
        provider.client_secret_for = takers_of(provider.issuer, document)
        provider.secret_is_entered = False
    elif is_first:
        extend_to_hosts(provider, document)


def extend_to_hosts(provider: Provider, document: Mapping[str, Any] | None) -> bool:
    """Let a secret that was entered before any host was known go to those of the first document; tell if so."""
    takers = takers_of(provider.issuer, document)
    if provider.client_secret_for != [provider.issuer] or takers == provider.client_secret_for:
        return False
    provider.client_secret_for = takers
    return True


def _is_own(provider: Provider, document: Mapping[str, Any] | None, is_first: bool) -> bool:
    if provider.secret_is_entered or not provider.has_secret:
        return True
    issuer, *origins = takers_of(provider.issuer, document)
    if is_first and provider.client_secret_for == [issuer]:
        return True
    return belongs_to(provider.client_secret_for, issuer=issuer, origins=origins)
