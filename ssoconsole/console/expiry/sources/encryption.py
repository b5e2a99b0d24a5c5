"""Secrets that still need an older encryption key."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Max
from django.urls import reverse

from providers.models import ClientKey, Provider
from ssoconsole.console.expiry.ending import Ending
from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.encryption.reencrypt import outdated
from tokens.models import SigningKey

# The secrets that stay. Those of sessions and sign-ins end by themselves, and there are too many of them to look
# through for a page.
LASTING: tuple[tuple[type[models.Model], str], ...] = (
    (Provider, "client_secret"),
    (ClientKey, "private_key"),
    (SigningKey, "private_key"),
)


def older_keys(at: datetime, until: datetime) -> Iterator[Ending]:
    """
    One ending for everything that is not under the newest key; with one key in the ring there is nothing to ask.

    Overdue since the newest of those rows was made: the key came later, nobody knows when, and a date that moved
    with every look would be told anew every time.
    """
    if len(settings.FIELD_ENCRYPTION_KEYS) < 2:
        return
    newest = [_newest_outdated(model, name) for model, name in LASTING]
    since = max((made for made in newest if made is not None), default=None)
    if since is not None:
        name = f"not under the newest key ({key_ring().newest_key_id})"
        yield Ending("encryption_key", name, since, f"{settings.BASE_URL}{reverse('admin:ending_soon')}")


def _newest_outdated(model: type[models.Model], name: str) -> datetime | None:
    field = model._meta.get_field(name)
    assert isinstance(field, EncryptedTextField)  # noqa: S101 - for the type checker: LASTING names no others
    newest: datetime | None = outdated(field).aggregate(newest=Max("created_at"))["newest"]
    return newest
