"""What bots carry, and the keys that sign it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from ssoconsole.console.expiry.ending import MOST, Ending, ending
from tokens.models import Credential, SigningKey, TokenRecord

# A key that has signed for so long should be rotated: more people may have met its private half than anybody knows.
KEY_AGE = timedelta(days=365)


def credentials(at: datetime, until: datetime) -> Iterator[Ending]:
    """Live credentials of enabled bots with an end."""
    rows = Credential.objects.ending_between(at, until).select_related("bot")[:MOST]
    for row in rows:
        secret = row.kind == Credential.Kind.CLIENT_SECRET
        # The hint is part of the secret: it stays in the admin.
        name = f"{row.bot}, {row.label or str(row.pk)[:8]}"
        if row.expires_at:
            yield ending("client_secret" if secret else "bot_credential", row, row.expires_at, name=name)


def long_lived_tokens(at: datetime, until: datetime) -> Iterator[Ending]:
    """Live tokens that were made for more than a day; those that bots fetch anew all the time are nobody's work."""
    rows = TokenRecord.objects.ending_between(at, until).select_related("bot")[:MOST]
    for row in rows:
        if row.expires_at:
            yield ending("token", row, row.expires_at, name=f"{row.bot}, {row.label or row.jti[:8]}")


def signing_keys(at: datetime, until: datetime) -> Iterator[Ending]:
    """Keys that have signed for too long, and keys from elsewhere that have an end."""
    old = Q(retired_at=None, signing_from__lte=until - KEY_AGE)
    imported = Q(signing_from=None, verify_until__gt=at, verify_until__lte=until)
    rows = SigningKey.objects.filter(old | imported, compromised_at=None).defer("private_key")
    for row in rows.order_by("created_at")[:MOST]:
        name = f"{row.alg} {row.kid}"
        if row.signing_from:
            yield ending("signing_key", row, row.signing_from + KEY_AGE, name=name)
        elif row.verify_until:
            yield ending("imported_key", row, row.verify_until, name=name)
