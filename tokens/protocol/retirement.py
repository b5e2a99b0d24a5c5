"""Whether a credential can be retired without stopping anything, told from when it was used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

QUIET_FOR = timedelta(days=7)  # most jobs run at least weekly
STILL_IN_USE = timedelta(hours=1)


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


def use_in_words(*, last_used_at: datetime | None, at: datetime) -> str:
    """Say of a secret that is rotated when it was last used, or for how long it has not been."""
    if last_used_at is None:
        return "never used"
    age = at - last_used_at
    return f"last used {_ago(age)}" if age < STILL_IN_USE else f"silent for {_span(age)}"


def advice_on_rotation(
    *, new_used_at: datetime | None, old_used_at: datetime | None, evidence: Evidence, at: datetime
) -> str:
    """Say whether the old secret can go, by the use of both and what is known of the old one."""
    if new_used_at is None:
        return "Wait: nothing has used the new one yet."
    if evidence.safe:
        return "It is safe to retire."
    if old_used_at is None:
        return "Nothing has ever used it."
    if at - old_used_at < STILL_IN_USE:
        return "Wait: something may still use it."
    return "Retire it once every job has run; most run within a week."


def _ago(age: timedelta) -> str:
    return f"{span} ago" if (span := _span(age)) else "just now"


def _span(age: timedelta) -> str:
    for unit, name in (
        (timedelta(days=1), "day"),
        (timedelta(hours=1), "hour"),
        (timedelta(minutes=1), "minute"),
    ):
        if (count := age // unit) > 0:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return ""
