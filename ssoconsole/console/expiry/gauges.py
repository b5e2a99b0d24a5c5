"""What ends soon, for whoever scrapes: by kind only, because names are people's and bots'."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from ssoconsole.console.expiry.ending import KINDS
from ssoconsole.console.expiry.endings import ending_soon


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
