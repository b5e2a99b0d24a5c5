"""Whether a credential can be retired without stopping anything, told from when it was used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

QUIET_FOR = timedelta(days=7)  # most jobs run at least weekly


@dataclass(frozen=True)
class Evidence:
    """What is known, as a sentence, and whether that makes it safe to retire."""

    safe: bool
    sentence: str


def evidence_for_retiring(
    *, created_at: datetime, last_used_at: datetime | None, other_used_at: datetime | None, at: datetime
) -> Evidence:
    """
    Weigh the last use of a credential, and of the bot's other ones, at the moment `at`.

    It is safe once it has been quiet for a week while the bot has used another: a bot that has used nothing
    at all may be a job that runs rarely.
    """
    since = last_used_at or created_at
    if at - since < QUIET_FOR:
        if last_used_at is None:
            return Evidence(False, "Not used yet.")
        return Evidence(False, f"Last used {_ago(at - since)}: still in use.")
    known = "Never used" if last_used_at is None else f"Last used {_ago(at - since)}"
    if other_used_at is not None and other_used_at > since:
        return Evidence(True, f"{known}, and the bot has used another since: safe to retire.")
    return Evidence(False, f"{known}, and the bot has used no other since: it may run rarely.")


def unused_since(
    *, created_at: datetime, last_used_at: datetime | None, days: int | None, at: datetime
) -> bool:
    """Tell whether a credential has been unused for `days`; None days is never."""
    return days is not None and (last_used_at or created_at) + timedelta(days=days) <= at


def _ago(age: timedelta) -> str:
    for unit, name in (
        (timedelta(days=1), "day"),
        (timedelta(hours=1), "hour"),
        (timedelta(minutes=1), "minute"),
    ):
        if (count := age // unit) > 0:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"
