"""
What ends soon, from everywhere in the console: each kind has a name, who may see it, and what to do.

Temporary administrators; secrets that still need an older encryption key; client secrets and certificates of identity
providers; credentials and long-lived tokens of bots; signing keys.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Max, Q
from django.urls import reverse

from providers.models import ClientKey, Provider
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.encryption.reencrypt import outdated
from tokens.models import Credential, SigningKey, TokenRecord

# Days before the end at which somebody is told.
THRESHOLDS = (30, 14, 7, 1)
# So many of one source are looked at: whoever has more ends to see to begins with the first.
MOST = 200
LONGEST_NAME = 200

# A key that has signed for so long should be rotated: more people may have met its private half than anybody knows.
KEY_AGE = timedelta(days=365)

_SECRET = Provider._meta.get_field("client_secret")  # asked whether there is one, and never opened

# The secrets that stay. Those of sessions and sign-ins end by themselves, and there are too many of them to look
# through for a page.
LASTING: tuple[tuple[type[models.Model], str], ...] = (
    (Provider, "client_secret"),
    (ClientKey, "private_key"),
    (SigningKey, "private_key"),
)

WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kind:
    """`permission` is the right to look at such a thing; "" leaves it to superusers."""

    title: str
    permission: str
    remedy: str


KINDS: dict[str, Kind] = {
    "client_secret": Kind(
        "Client secret of a bot",
        "tokens.view_credential",
        "Give the bot another secret, and retire this one when it is used no more.",
    ),
    "bot_credential": Kind(
        "Keys or federation of a bot",
        "tokens.view_credential",
        "Register the bot's keys or its workload anew, before the old ones end.",
    ),
    "token": Kind(
        "Long-lived token",
        "tokens.view_tokenrecord",
        "Issue another token, and bring it to where this one is used.",
    ),
    "signing_key": Kind(
        "Signing key that should be rotated",
        "tokens.view_signingkey",
        "Rotate it: manage.py rotate_signing_key, or the action in the admin.",
    ),
    "imported_key": Kind(
        "Imported key that verifies no longer",
        "tokens.view_signingkey",
        "Replace the tokens that were signed elsewhere: they stop verifying then.",
    ),
    "provider_certificate": Kind(
        "TLS certificate of a provider",
        "providers.view_provider",
        "Ask whoever runs the provider to renew it: nobody can sign in with an expired one.",
    ),
    "provider_secret": Kind(
        "Client secret at a provider",
        "providers.view_provider",
        "Make a new one at the provider, and put it and its end into the registration.",
    ),
    "encryption_key": Kind(
        "Secrets under an older encryption key",
        "",
        "Run manage.py reencrypt, and drop the older key when it says that it can be dropped.",
    ),
    "break_glass": Kind(
        "Break-glass account",
        "accounts.view_user",
        "It ends by itself. If it is still needed, run manage.py bootstrap_admin again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """
    One thing and when it ends; what is overdue has its end in the past.

    `kind` is a key of `KINDS`, `name` is a person's word for it and no secret, `url` is where it is administered.
    Kind, url and end together are one ending.
    """

    kind: str
    name: str
    ends_at: datetime
    url: str

    @property
    def about(self) -> Kind:
        return KINDS[self.kind]

    def threshold(self, *, at: datetime) -> int | None:
        """Return the least number of THRESHOLDS' days that the end is within; None when there is more time."""
        left = self.ends_at - at
        return min((days for days in THRESHOLDS if left <= timedelta(days=days)), default=None)


def ending(kind: str, row: models.Model, ends_at: datetime, *, name: str) -> Ending:
    """Make the ending of a row that has a page in the admin."""
    return Ending(kind, _one_line(name), ends_at, admin_url(row, "change", row.pk))


def admin_url(model: models.Model | type[models.Model], page: str, *arguments: Any) -> str:
    """The address of a page in the admin, for mails too."""
    label = f"{model._meta.app_label}_{model._meta.model_name}_{page}"
    return f"{settings.BASE_URL}{reverse(f'admin:{label}', args=arguments)}"


def _one_line(name: str) -> str:
    """Names go into mails and gauges, where a line break would begin something else."""
    return "".join(letter if letter.isprintable() else " " for letter in name)[:LONGEST_NAME].strip()


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
