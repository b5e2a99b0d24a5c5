"""Warnings by webhook: one signed JSON document a run, with everything that is due.

The signature of a webhook: that the console has sent this body, at this time.

Why a warning was not sent.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from ssoconsole.console.expiry.claims import Claim
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.outbound import client
from ssoconsole.platform.outbound.errors import ContentTypeRefused, OutboundError, SchemeRefused
from ssoconsole.platform.outbound.targets import Target, parse


class SendingFailed(DomainError):
    """The warnings could not be sent; the next run tries again."""

    code = "sending_failed"


HEADER = "SSO-Console-Signature"


def sign(body: bytes, *, secret: str, at: int) -> str:
    """
    Return `t=<seconds>,v1=<hex>`: HMAC-SHA-256 (RFC 2104) of `<seconds>.<body>` under the secret's UTF-8 bytes.

    The time is signed along, so that a receiver can refuse what somebody sends again later.
    """
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


LOOPBACK = ("localhost", "127.0.0.1", "::1")
ACCEPTED = ("application/json", "text/plain", "text/html")


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
