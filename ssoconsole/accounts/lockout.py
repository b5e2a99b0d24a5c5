"""
Guessing at the password door: whose failures make whom wait, and until when.

A failure is a row in the table that django-axes has for them. In the database and not in the cache: a sign-in
needs the database anyway, so that a cache that is away neither opens the door nor closes it, and every process
counts the same. The rows hold no name as it was typed, which may be a password in the wrong field.
"""

from datetime import datetime, timedelta

from axes.models import AccessFailureLog
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from ssoconsole import limits

# From one address, whatever the names: each failure costs this machine a slow hash.
FAILURES_OF_AN_ADDRESS = 20
ADDRESS_WAITS = timedelta(minutes=1)
KEEP = timedelta(days=1)
NOWHERE = "0.0.0.0"  # noqa: S104 - stands for a peer without an address, such as a Unix socket


def source_of(request: HttpRequest) -> str:
    """Return whose failures these are (see `ssoconsole.limits`), as the table's column takes it."""
    return limits.source_of(request) or NOWHERE


def key_of(name: str) -> str:
    """Return what stands for a typed name in the table: without SECRET_KEY it cannot be guessed back."""
    return salted_hmac("ssoconsole.accounts.lockout", name, algorithm="sha256").hexdigest()


def waits_until(*, name: str, source: str, at: datetime) -> datetime | None:
    """
    Return until when `name` from `source` has to wait, or None.

    AXES_FAILURE_LIMIT failures of this name from this address within AXES_COOLOFF_TIME make the pair wait as
    long from the last one; never the name alone, or a stranger could keep its owner out. Twenty failures from
    this address within a minute make all names from there wait a minute. It is the same for names that nobody
    has.
    """
    of_the_address = AccessFailureLog.objects.filter(ip_address=source)
    of_the_pair = of_the_address.filter(username=key_of(name))
    ends = (
        _end(of_the_pair, settings.AXES_FAILURE_LIMIT, settings.AXES_COOLOFF_TIME, at),
        _end(of_the_address, FAILURES_OF_AN_ADDRESS, ADDRESS_WAITS, at),
    )
    return max((end for end in ends if end), default=None)


def note_failure(*, name: str, source: str) -> None:
    """Count one more; not to be called for an attempt that had to wait, which therefore prolongs nothing."""
    AccessFailureLog.objects.create(username=key_of(name), ip_address=source)


def forget_failures(*, name: str, source: str | None = None) -> int:
    """Forget the failures of a name, from `source` or from everywhere; return how many there were."""
    rows = AccessFailureLog.objects.filter(username=key_of(name))
    return (rows.filter(ip_address=source) if source else rows).delete()[0]


def drop_old_failures(*, at: datetime) -> int:
    """Delete the failures that make nobody wait any more; return how many there were."""
    return AccessFailureLog.objects.filter(attempt_time__lt=at - KEEP).delete()[0]


def _end(
    failures: "QuerySet[AccessFailureLog]", limit: int, wait: timedelta, at: datetime
) -> datetime | None:
    latest = list(
        failures.filter(attempt_time__gt=at - 2 * wait)
        .order_by("-attempt_time", "-pk")
        .values_list("attempt_time", flat=True)[:limit]
    )
    if len(latest) < limit or latest[0] - latest[-1] >= wait:
        return None
    end: datetime = latest[0] + wait
    return end if end > at else None
