"""
Warnings by webhook: one JSON document a run with everything that is due, signed as the console's, of this time.

Who sends which warning, here and by mail, is a row that is claimed before and marked after, so that it is sent once.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from ssoconsole.console.expiry.endings import Ending
from ssoconsole.console.expiry.models import SentWarning
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.outbound import client
from ssoconsole.platform.outbound.errors import ContentTypeRefused, OutboundError, SchemeRefused
from ssoconsole.platform.outbound.targets import Target, parse

# A process that has claimed a warning and not sent it after so long is gone: sending takes seconds.
LEASE = timedelta(minutes=10)

Claim = tuple[Ending, SentWarning]
HEADER = "SSO-Console-Signature"

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ACCEPTED = ("application/json", "text/plain", "text/html")


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


class SendingFailed(DomainError):
    """The warnings could not be sent; the next run tries again."""

    code = "sending_failed"


def sign(body: bytes, *, secret: str, at: int) -> str:
    """
    Return `t=<seconds>,v1=<hex>`: HMAC-SHA-256 (RFC 2104) of `<seconds>.<body>` under the secret's UTF-8 bytes.

    The time is signed along, so that a receiver can refuse what somebody sends again later.
    """
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def is_configured() -> bool:
    return bool(settings.WARNINGS_WEBHOOK_URL and settings.WARNINGS_WEBHOOK_SECRET)


def webhook_target(url: str) -> Target:
    """Return where the webhook goes: https, or http to this machine in development. Raises OutboundError."""
    target = parse(url, allow_http=settings.ALLOW_LOOPBACK_PROVIDERS)
    if target.scheme == "http" and target.host not in LOOPBACK:
        raise SchemeRefused("the URL is plain http, and leads to another machine")
    return target


def send(claims: Sequence[Claim], *, at: datetime) -> None:
    """Post them once; any status of 200 to 299 is taken for received. Raises SendingFailed."""
    body = json.dumps(_document(claims, at=at), ensure_ascii=False).encode()
    signature = sign(body, secret=settings.WARNINGS_WEBHOOK_SECRET, at=int(at.timestamp()))
    try:
        webhook_target(settings.WARNINGS_WEBHOOK_URL)
        answer = client.request(
            "POST",
            settings.WARNINGS_WEBHOOK_URL,
            accept=ACCEPTED,
            allow_loopback=settings.ALLOW_LOOPBACK_PROVIDERS,
            headers={HEADER: signature},
            document=body,
        )
    except ContentTypeRefused:
        return  # only a success is judged by its type: it was received, and what it says does not matter
    except OutboundError as error:
        raise SendingFailed(received=f"{error.code}: {error.detail}") from None
    if not 200 <= answer.status < 300:
        raise SendingFailed(expected="status 200 to 299", received=f"status {answer.status}")


def _document(claims: Sequence[Claim], *, at: datetime) -> dict[str, Any]:
    return {
        "type": "ending_soon",
        "console": settings.BASE_URL,
        "sent_at": _iso(at),
        "warnings": [_warning(claim) for claim in claims],
    }


def _warning(claim: Claim) -> dict[str, Any]:
    each, row = claim
    return {
        "id": _id(claim),
        "kind": each.kind,
        "title": each.about.title,
        "name": each.name,
        "ends_at": _iso(each.ends_at),
        "threshold_days": row.threshold,
        "remedy": each.about.remedy,
        "url": each.url,
    }


def _id(claim: Claim) -> str:
    """The same for the same warning, so that a receiver notices one that came twice after a crash."""
    each, row = claim
    spelt = "\n".join([each.kind, each.url, _iso(each.ends_at), str(row.threshold)])
    return hashlib.sha256(spelt.encode()).hexdigest()[:32]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
