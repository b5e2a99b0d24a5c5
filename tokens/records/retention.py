"""Records of tokens that ended long ago, which are dropped."""

from datetime import datetime, timedelta

from ssoconsole.platform.connections.batches import delete_in_batches
from tokens.models import TokenRecord


def drop_old_records(*, at: datetime, keep: timedelta) -> int:
    """
    Delete the records of tokens whose end is more than `keep` ago; return how many.

    By the index of their end, and in batches of a transaction each, so that it may run while tokens are issued
    and be stopped at any time. A token without an end counts until it is revoked, and its record then says by
    whom: it is never dropped.
    """
    old = TokenRecord.objects.filter(expires_at__lt=at - keep).order_by("expires_at")
    return delete_in_batches(old)
