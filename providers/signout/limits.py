"""
How many refused logouts of one address are put on record.

Anybody may post to the logout endpoint. What he posts is always checked, so that nobody can keep a provider's
logout out by making noise; the record of his refusals is what ends.
"""

import time

import structlog
from django.core.cache import cache
from django.http import HttpRequest

from ssoconsole.limits.source import source_of

log = structlog.get_logger("signout")
RECORDED_PER_MINUTE = 20
WINDOW = 60  # seconds


def is_worth_a_record(request: HttpRequest) -> bool:
    """Count one more refusal; False past 20 in a minute from one address. Without a cache nothing is counted."""
    key = f"logouts-refused:{source_of(request) or 'unknown'}:{int(time.time()) // WINDOW}"
    try:
        cache.add(key, 0, timeout=2 * WINDOW)
        return cache.incr(key) <= RECORDED_PER_MINUTE
    except Exception as error:  # noqa: BLE001, RUF100 - every cache has errors of its own; none may stop a logout
        log.warning("refused_logouts_not_counted", error=type(error).__name__)
        return True
