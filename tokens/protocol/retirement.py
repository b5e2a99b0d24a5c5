"""Whether a credential can be retired without stopping anything, told from when it was used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext, ngettext

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
            return Evidence(False, gettext("Not used yet."))
        return Evidence(False, gettext("Last used %(ago)s: still in use.") % {"ago": _ago(at - since)})
    known = (
        gettext("Never used")
        if last_used_at is None
        else gettext("Last used %(ago)s") % {"ago": _ago(at - since)}
    )
    facts = {"known": known}
    if other_used_at is not None and other_used_at > since:
        return Evidence(
            True, gettext("%(known)s, and the bot has used another since: safe to retire.") % facts
        )
    return Evidence(
        False, gettext("%(known)s, and the bot has used no other since: it may run rarely.") % facts
    )


def unused_since(
    *, created_at: datetime, last_used_at: datetime | None, days: int | None, at: datetime
) -> bool:
    """Tell whether a credential has been unused for `days`; None days is never."""
    return days is not None and (last_used_at or created_at) + timedelta(days=days) <= at


def use_in_words(*, last_used_at: datetime | None, at: datetime) -> str:
    """Say of a secret that is rotated when it was last used, or for how long it has not been."""
    if last_used_at is None:
        return gettext("never used")
    age = at - last_used_at
    if age < STILL_IN_USE:
        return gettext("last used %(ago)s") % {"ago": _ago(age)}
    return gettext("silent for %(span)s") % {"span": _span(age)}


def advice_on_rotation(
    *, new_used_at: datetime | None, old_used_at: datetime | None, evidence: Evidence, at: datetime
) -> str:
    """Say whether the old secret can go, by the use of both and what is known of the old one."""
    if new_used_at is None:
        return gettext("Wait: nothing has used the new one yet.")
    if evidence.safe:
        return gettext("It is safe to retire.")
    if old_used_at is None:
        return gettext("Nothing has ever used it.")
    if at - old_used_at < STILL_IN_USE:
        return gettext("Wait: something may still use it.")
    return gettext("Retire it once every job has run; most run within a week.")


def _ago(age: timedelta) -> str:
    if age < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(span)s ago") % {"span": _span(age)}


def _span(age: timedelta) -> str:
    if days := age // timedelta(days=1):
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if hours := age // timedelta(hours=1):
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    minutes = age // timedelta(minutes=1)
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
