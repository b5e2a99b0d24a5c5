"""Temporary administrators."""

from collections.abc import Iterator
from datetime import datetime

from ssoconsole.console.expiry.ending import MOST, Ending, ending
from ssoconsole.platform.accounts.models import User


def break_glass(at: datetime, until: datetime) -> Iterator[Ending]:
    """Accounts that can still get in by password: when that is over, somebody else must be able to."""
    rows = User.objects.filter(is_active=True, expires_at__gt=at, expires_at__lte=until)
    for row in rows.only("username", "expires_at").order_by("pk")[:MOST]:
        if row.expires_at:
            yield ending("break_glass", row, row.expires_at, name=row.username)
