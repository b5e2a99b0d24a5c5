"""Whether a credential can be retired without stopping anything, told from when it was used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext, ngettext

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


def _ago(age: timedelta) -> str:
    if days := age // timedelta(days=1):
        return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": days}
    if hours := age // timedelta(hours=1):
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
    if minutes := age // timedelta(minutes=1):
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {"count": minutes}
    return gettext("just now")
