"""One thing that ends.

The kinds of things that end: what each is called, who may see it, and what to do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse


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

# Days before the end at which somebody is told.
THRESHOLDS = (30, 14, 7, 1)
# So many of one source are looked at: whoever has more ends to see to begins with the first.
MOST = 200
LONGEST_NAME = 200


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
