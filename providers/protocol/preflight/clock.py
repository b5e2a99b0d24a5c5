"""Two clocks compared by the Date of an answer (RFC 9110 section 6.6.1)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from providers.protocol.preflight.findings import Finding, finding

DRIFT = 10  # seconds: the header has whole ones, and the answer was under way
OLDEST = 86_400


def provider_time(date: str, age: str = "") -> datetime | None:
    """Return the moment that an answer speaks of: its Date, and the time for which a cache has held it."""
    try:
        moment = parsedate_to_datetime(date)
    except (OverflowError, ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    held = int(age) if age.isascii() and age.isdigit() and len(age) < 8 else 0
    try:
        return datetime.fromtimestamp(moment.timestamp() + min(held, OLDEST), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def judge_clock(theirs: datetime, ours: datetime, *, leeway: int) -> list[Finding]:
    """Compare the clocks; beyond `leeway` seconds, fresh tokens count as expired or as issued in the future."""
    ahead = round((theirs - ours).total_seconds())
    drift = min(leeway, DRIFT) if leeway else DRIFT
    if abs(ahead) <= max(drift, 2):
        return []
    code = "clock_skew" if abs(ahead) > max(leeway, DRIFT) else "clock_drift"
    direction = "ahead of" if ahead > 0 else "behind"
    received = f"the provider's clock is {abs(ahead)} s {direction} this console's"
    return [finding(code, expected=f"at most {leeway} s between the clocks", received=received)]
