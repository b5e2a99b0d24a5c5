"""What ends soon, from everywhere in the console.

Temporary administrators.

Secrets that still need an older encryption key.

What identity providers have that ends.

What bots carry, and the keys that sign it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Max, Q
from django.urls import reverse

from providers.models import ClientKey, Provider
from ssoconsole.console.expiry.ending import MOST, Ending, ending
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.encryption.reencrypt import outdated
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


_SECRET = Provider._meta.get_field("client_secret")  # asked whether there is one, and never opened


def certificates_and_secrets(at: datetime, until: datetime) -> Iterator[Ending]:
    """
    The certificate of the issuer's host as the watch last saw it, and the end of the client secret where it is known.

    What is past its end stays on the list: until it is renewed nobody signs in.
    """
    has_secret = Q(client_secret__isnull=False, client_secret_expires_at__lte=until)
    rows = Provider.objects.enabled().filter(Q(tls_not_after__lte=until) | has_secret)
    for row in rows.in_order().defer("discovery", "jwks")[:MOST]:
        if row.tls_not_after and row.tls_not_after <= until:
            yield ending("provider_certificate", row, row.tls_not_after, name=row.slug)
        end = row.client_secret_expires_at
        if end and end <= until and _SECRET.value_from_object(row):
            yield ending("provider_secret", row, end, name=row.slug)


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


def break_glass(at: datetime, until: datetime) -> Iterator[Ending]:
    """Accounts that can still get in by password: when that is over, somebody else must be able to."""
    rows = User.objects.filter(is_active=True, expires_at__gt=at, expires_at__lte=until)
    for row in rows.only("username", "expires_at").order_by("pk")[:MOST]:
        if row.expires_at:
            yield ending("break_glass", row, row.expires_at, name=row.username)


WITHIN = timedelta(days=30)

SOURCES: tuple[Callable[[datetime, datetime], Iterator[Ending]], ...] = (
    credentials,
    long_lived_tokens,
    signing_keys,
    certificates_and_secrets,
    break_glass,
    older_keys,
)


def ending_soon(at: datetime, *, within: timedelta = WITHIN) -> list[Ending]:
    """
    Return what ends within that time after `at`, or should have ended, the first to end first.

    A few queries by indices and at most `ending.MOST` of each source, so that a page, or gauges by kind and name,
    may read it at any time. Nothing is fetched.
    """
    until = at + within
    found = [each for source in SOURCES for each in source(at, until)]
    return sorted(found, key=lambda each: (each.ends_at, each.kind, each.name))


def endings_for(user: User, *, at: datetime, within: timedelta = WITHIN) -> list[Ending]:
    """Return what of it this person may look at."""
    return [each for each in ending_soon(at, within=within) if _may_see(user, each)]


def _may_see(user: User, each: Ending) -> bool:
    permission = each.about.permission
    return user.has_perm(permission) if permission else bool(user.is_active and user.is_superuser)
