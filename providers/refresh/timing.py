"""
When a session is checked again, and how long it goes on while nobody answers.

A check is due `session_check_every` seconds after the last one. From then on the session has as long again, an
hour at most, in which requests are served although the provider has not vouched for it; then none is.
"""

from datetime import datetime, timedelta

from providers.models import ConsoleSession, Provider
from ssoconsole.platform.encryption.keyring import DecryptionFailed

LONGEST_GRACE = timedelta(hours=1)
# How long one process has the check to itself, and also how long a provider that failed is left in peace. It is
# longer than one exchange with a provider may take, and is extended between two of them: nobody else uses the same
# refresh token meanwhile. A process that dies gives its check free by letting this pass.
CLAIM_LASTS = timedelta(seconds=30)


def is_due(session: ConsoleSession, *, at: datetime) -> bool:
    """Tell whether the provider has to be asked again; never, where the registration does not want it."""
    return session.provider.session_refresh != Provider.Refresh.NONE and at >= due_at(session)


def due_at(session: ConsoleSession) -> datetime:
    return session.checked_at + timedelta(seconds=session.provider.session_check_every)


def grace_ends(session: ConsoleSession) -> datetime:
    """Return when the session must not be served any more without an answer."""
    grace = timedelta(seconds=session.provider.session_check_every)
    return due_at(session) + min(grace, LONGEST_GRACE)


def is_claimed(session: ConsoleSession, *, at: datetime) -> bool:
    """Tell whether somebody asks at the moment, or has just asked in vain."""
    return session.check_started_at is not None and session.check_started_at > at - CLAIM_LASTS


def refresh_token_of(session: ConsoleSession) -> str | None:
    """
    Return the refresh token that checks this session; None: it is checked by the browser and `prompt=none`.

    A registration for refresh tokens whose provider gave none at sign-in falls back to that: ending such
    sessions after one interval would sign everybody out who uses a provider that wants another scope or prompt.
    The same goes for a token that no key of the ring opens any more.
    """
    if session.provider.session_refresh != Provider.Refresh.REFRESH_TOKEN:
        return None
    try:
        token: str | None = session.refresh_token
    except DecryptionFailed:
        return None
    return token or None
