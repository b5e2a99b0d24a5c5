"""
Count failed authentications by name and by address.

Only failures are slowed down, and only by being told when to come back: a secret of 256 random bits cannot be
guessed at any speed, while refusing good credentials after other people's failures would hand everybody a way
to stop any bot. The counts live in the cache, which all processes share; without the cache nothing is counted
and nothing is refused.
"""

import hashlib

import structlog
from django.core.cache import cache

log = structlog.get_logger("tokens.throttling")

WINDOW = 60  # seconds
MOST_PER_NAME = 20
MOST_PER_ADDRESS = 60


def count_failure(*, client_id: str, source: str | None) -> int | None:
    """
    Count one failure of a name, and of whom it counts against (`ssoconsole.platform.limits`).

    Return the seconds to wait if there were too many within a minute, else None.
    """
    counts = ((f"name:{client_id}", MOST_PER_NAME), (f"address:{source}", MOST_PER_ADDRESS))
    try:
        too_many = [_increment(what) > most for what, most in counts]
    except Exception as error:  # each cache backend has its own exceptions, and none may close this door
        log.warning("failures_not_counted", error=type(error).__name__)
        return None
    return WINDOW if any(too_many) else None


def _increment(what: str) -> int:
    # Hashed, because a name is a stranger's text of any length and cache keys are neither.
    key = f"tokens:failures:{hashlib.sha256(what.encode('utf-8', 'surrogatepass')).hexdigest()}"
    if cache.add(key, 1, timeout=WINDOW):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # it ended in between
        return 1
