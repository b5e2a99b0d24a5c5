"""A registration as text, and the way back.

The text holds the client secret in clear: it is only ever put into an encrypted column.

Why a version cannot be had.
"""

import json
from copy import copy
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from providers.models import Provider, ProviderVersion
from providers.registration.secret import UNREADABLE, readable_secret
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.errors import DomainError


class VersionUnknown(DomainError):
    """There is no such version of this provider."""

    code = "version_unknown"


class VersionUnusable(DomainError):
    """This version of the provider cannot be read any more."""

    code = "version_unusable"


# What a registration is not: what its provider publishes, and what the console keeps about the row itself.
NOT_CONFIGURATION = frozenset(
    {
        "id",
        "discovery",
        "discovery_fetched_at",
        "jwks",
        "jwks_fetched_at",
        "trial_ends_at",
        "trial_baseline",
        "risky_change_at",
        "discovery_failing_since",
        "jwks_failing_since",
        "tls_not_after",
        "created_at",
        "updated_at",
    }
)
# Stands where the secret was that no key opened when the version was written; no text is ever this.
LOST = {"lost": True}

Configuration = dict[str, Any]


def configuration_of(provider: Provider) -> Configuration:
    """
    Return everything that an administrator decides about a provider, the client secret in clear.

    In the order of the model's fields, and as it comes back from text.
    """
    secret = readable_secret(provider)
    told = LOST if secret is UNREADABLE else secret
    found = {name: told if name == "client_secret" else getattr(provider, name) for name in _names()}
    return dict(json.loads(written(found)))


def written(configuration: Configuration) -> str:
    """Return the text of a configuration."""
    return json.dumps(configuration, cls=DjangoJSONEncoder)


def configuration_in(version: ProviderVersion) -> Configuration:
    """Return what a version has kept. Raises VersionUnusable when no key of the ring opens it."""
    try:
        kept = json.loads(version.configuration)
    except DecryptionFailed:
        raise VersionUnusable(expected="a key that opens it", received=f"{version}, under another") from None
    return dict(kept)


def registration_in(version: ProviderVersion, *, onto: Provider) -> Provider:
    """
    Return the row `onto` with the registration of `version` on it, not saved; `onto` stays as it is.

    What later releases have added keeps its present value. Whether the provider is enabled does, too, unless the
    version says that it is not: nothing from the past lets people in whom somebody has shut out since.

    Raises VersionUnusable.
    """
    kept = configuration_in(version)
    secret = kept.pop("client_secret", None)
    if secret == LOST:
        raise VersionUnusable(expected="its client secret", received="one that could not be decrypted then")
    row = copy(onto)
    for field in Provider._meta.concrete_fields:
        if field.name in kept and field.name not in NOT_CONFIGURATION:
            setattr(row, field.name, field.to_python(kept[field.name]))
    row.enabled = onto.enabled and row.enabled
    # It comes back for those whom it was entered for then, and is not entered anew.
    row.client_secret, row.client_secret_for = secret or None, kept.get("client_secret_for", [])
    row.secret_is_entered = False
    return row


def _names() -> list[str]:
    fields = Provider._meta.concrete_fields
    return [field.name for field in fields if field.name not in NOT_CONFIGURATION]
