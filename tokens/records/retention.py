"""Records of tokens that ended long ago, which are dropped."""

from datetime import datetime, timedelta

from tokens.models import TokenRecord

BATCH = 1_000


def drop_old_records(*, at: datetime, keep: timedelta) -> int:
    """
    Delete the records of tokens whose end is more than `keep` ago; return how many.

    By the index of their end, and in batches of a transaction each, so that it may run while tokens are issued
    and be stopped at any time. A token without an end counts until it is revoked, and its record then says by
    whom: it is never dropped.
    """
    old = TokenRecord.objects.filter(expires_at__lt=at - keep).order_by("expires_at")
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        deleted += TokenRecord.objects.filter(pk__in=batch).delete()[0]
    return deleted
