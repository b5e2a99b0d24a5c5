"""Telling people in time what ends, each thing once for every threshold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ssoconsole.console.expiry import email, webhook
from ssoconsole.console.expiry.endings import ending_soon
from ssoconsole.console.expiry.models import SentWarning
from ssoconsole.console.expiry.webhook import Claim, SendingFailed, claim_due, mark_sent, release
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

Channel = SentWarning.Channel


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one channel: how many warnings were sent, or why none was."""

    channel: str
    sent: int = 0
    failed: int = 0
    reason: str = ""


def send_warnings(*, by: Actor, at: datetime) -> list[Outcome]:
    """
    Send what is due by every channel that is configured; one that fails stops no other and is tried again later.

    Of two processes at once each warning is sent by one. After a crash between sending and writing that down it
    is sent a second time.
    """
    channels: list[tuple[Channel, Callable[[Sequence[Claim]], None]]] = []
    if email.is_configured():
        channels.append((Channel.EMAIL, email.send))
    if webhook.is_configured():
        channels.append((Channel.WEBHOOK, partial(webhook.send, at=at)))
    endings = ending_soon(at) if channels else []
    return [_send(channel, send, claim_due(channel, endings, at=at), by, at) for channel, send in channels]


def _send(
    channel: Channel, send: Callable[[Sequence[Claim]], None], claims: list[Claim], by: Actor, at: datetime
) -> Outcome:
    if not claims:
        return Outcome(channel.value)
    try:
        send(claims)
    except SendingFailed as failed:
        release(claims)
        record_event("warnings_sent", by=by, target=channel.value, outcome=failed.code)
        return Outcome(channel.value, failed=len(claims), reason=failed.received)
    except BaseException:
        release(claims)
        raise
    mark_sent(claims, at=at)
    record_event("warnings_sent", by=by, target=channel.value, after={"warnings": len(claims)})
    return Outcome(channel.value, sent=len(claims))
