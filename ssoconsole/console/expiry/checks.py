"""
System checks of the settings about warnings, and how much ends soon as a metric.

A channel that would reach nobody is found before it matters. The metric counts by kind only, because names are people's
and bots'.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from ssoconsole.console.expiry.email import NOBODY
from ssoconsole.console.expiry.endings import KINDS, ending_soon
from ssoconsole.console.expiry.webhook import webhook_target
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.values import sender_of

SHORTEST_SECRET = 32


@checks.register(checks.Tags.security)
def mail_reaches_somebody(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """The recipients and the sender are addresses, and there is a mail server."""
    if wrong := [address for address in settings.WARNINGS_EMAIL if not _is_address(address)]:
        yield checks.Error(
            f"WARNINGS_EMAIL has what is no e-mail address: {', '.join(wrong)}",
            hint="Addresses only, separated by commas: ops@example.com,sso@example.com",
            id="expiry.E001",
        )
    # Where there is no mail, what would be its sender by default is nobody's business.
    chosen = sender_of(settings.BASE_URL) != settings.WARNINGS_FROM
    if (chosen or settings.EMAIL_BACKEND != NOBODY) and not _is_address(settings.WARNINGS_FROM):
        yield checks.Error(
            "WARNINGS_FROM is no e-mail address.",
            hint="Set it to an address alone, such as sso-console@example.com; without it the host of BASE_URL is "
            "taken, which has to be one that mail can come from.",
            id="expiry.E002",
        )
    if settings.WARNINGS_EMAIL and settings.EMAIL_BACKEND == NOBODY:
        yield checks.Warning(
            "WARNINGS_EMAIL names somebody, and there is no mail server: nobody is told.",
            hint="Set EMAIL_URL, for instance smtp+tls://user:password@mail.example.com:587",
            id="expiry.W001",
        )


@checks.register(checks.Tags.security)
def webhook_is_safe(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """The webhook goes to https and is signed with a secret that nobody guesses."""
    url, secret = settings.WARNINGS_WEBHOOK_URL, settings.WARNINGS_WEBHOOK_SECRET
    if not url:
        if secret:
            yield checks.Warning(
                "WARNINGS_WEBHOOK_SECRET is set, and there is no webhook.",
                hint="Set WARNINGS_WEBHOOK_URL too, or neither.",
                id="expiry.W002",
            )
        return
    try:
        webhook_target(url)
    except OutboundError as refused:
        yield checks.Error(
            f"WARNINGS_WEBHOOK_URL cannot be used: {refused.detail}.",
            hint="An https address; in development http to this machine as well.",
            id="expiry.E003",
        )
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < 12:
        yield checks.Error(
            f"WARNINGS_WEBHOOK_SECRET is shorter than {SHORTEST_SECRET} characters or trivially guessed.",
            hint="Make one, and give it to the receiver: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="expiry.E004",
        )


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def collect_endings() -> Iterator[Metric]:
    """How many things of each kind end within 30 days, and how long the first of them has left."""
    now = timezone.now()
    ends = {kind: list[datetime]() for kind in KINDS}
    for each in ending_soon(now):
        ends[each.kind].append(each.ends_at)
    number = GaugeMetricFamily(
        "sso_console_ending_soon", "Things that end within 30 days or have ended", labels=["kind"]
    )
    first = GaugeMetricFamily(
        "sso_console_first_ending_seconds", "How long the first of them has left", labels=["kind"]
    )
    for kind, moments in ends.items():
        number.add_metric([kind], len(moments))
        if moments:
            first.add_metric([kind], (min(moments) - now).total_seconds())
    yield number
    yield first
