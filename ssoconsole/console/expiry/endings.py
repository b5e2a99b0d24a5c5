"""What ends soon, from everywhere in the console."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from ssoconsole.console.expiry.ending import Ending
from ssoconsole.console.expiry.sources import accounts, encryption, providers, tokens
from ssoconsole.platform.accounts.models import User

WITHIN = timedelta(days=30)

SOURCES: tuple[Callable[[datetime, datetime], Iterator[Ending]], ...] = (
    tokens.credentials,
    tokens.long_lived_tokens,
    tokens.signing_keys,
    providers.certificates_and_secrets,
    accounts.break_glass,
    encryption.older_keys,
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
