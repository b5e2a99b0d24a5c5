"""Who sends which warning: a row that is claimed before and marked after, so that it is sent once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from ssoconsole.console.expiry.ending import Ending
from ssoconsole.console.expiry.models import SentWarning

# A process that has claimed a warning and not sent it after so long is gone: sending takes seconds.
LEASE = timedelta(minutes=10)

Claim = tuple[Ending, SentWarning]


def claim_due(channel: str, endings: Iterable[Ending], *, at: datetime) -> list[Claim]:
    """
    Return what is due by this channel and nobody else's to send, each with its row.

    No transaction stays open while it is sent: a slow mail server would keep the database locked.
    """
    due = [(each, days) for each in endings if (days := each.threshold(at=at)) is not None]
    sent = _sent(channel, [each for each, _ in due])
    claimed = []
    for each, days in due:
        if (each.kind, each.url, each.ends_at, days) not in sent and (
            row := _claim(channel, each, days, at=at)
        ):
            claimed.append((each, row))
    return claimed


def mark_sent(claims: Iterable[Claim], *, at: datetime) -> None:
    _rows(claims).update(sent_at=at)


def release(claims: Iterable[Claim]) -> None:
    """Leave them to the next run."""
    _rows(claims).filter(sent_at=None).update(claimed_at=None)


def drop_old_warnings(*, at: datetime, keep: timedelta) -> int:
    """Forget what was told so long ago; what is still overdue then is told again."""
    return SentWarning.objects.filter(sent_at__lt=at - keep).delete()[0]


def _sent(channel: str, due: list[Ending]) -> set[tuple[str, str, datetime, int]]:
    ends = {each.ends_at for each in due}
    rows = SentWarning.objects.filter(channel=channel, ends_at__in=ends, sent_at__isnull=False)
    return set(rows.values_list("kind", "url", "ends_at", "threshold"))


def _claim(channel: str, each: Ending, days: int, *, at: datetime) -> SentWarning | None:
    row, created = SentWarning.objects.get_or_create(
        channel=channel,
        kind=each.kind,
        url=each.url,
        ends_at=each.ends_at,
        threshold=days,
        defaults={"claimed_at": at},
    )
    if created:
        return row
    free = Q(claimed_at=None) | Q(claimed_at__lt=at - LEASE)
    mine = SentWarning.objects.filter(free, pk=row.pk, sent_at=None).update(claimed_at=at)
    return row if mine else None


def _rows(claims: Iterable[Claim]) -> QuerySet[SentWarning]:
    return SentWarning.objects.filter(pk__in=[row.pk for _, row in claims])
