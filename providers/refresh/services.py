"""
When a session is checked again, how long it goes on while the provider does not answer, and the writes about that.

A check is due `session_check_every` seconds after the last one. From then on the session has as long again, an
hour at most, in which requests are served although the provider has not vouched for it; then none is.

Each write is one conditional update on what was read: no row is locked while a provider is asked, and of several
requests exactly one asks. A good check is no event, like `last_seen_at`: `checked_at` says it. A change in the person's
rights is an event, and so is every session that ends.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from providers.errors import SessionEnded, SignInRefused
from providers.models import ConsoleSession, Provider
from providers.sessions.services import authentication_in, end_session
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform.actors import Actor
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


def claim_check(*, session: ConsoleSession, at: datetime) -> bool:
    """
    Take the check of a session; True for exactly one of those who have read the same row.

    A claim that is older than CLAIM_LASTS belongs to nobody any more.
    """
    if is_claimed(session, at=at):
        return False
    unchanged = ConsoleSession.objects.filter(
        pk=session.pk,
        ended_at=None,
        checked_at=session.checked_at,
        check_started_at=session.check_started_at,
    )
    if not unchanged.update(check_started_at=at):
        return False
    session.check_started_at = at
    return True


def keep_refresh_token(*, session: ConsoleSession, refresh_token: str | None) -> None:
    """
    Put a new refresh token in the place of the old one at once, whatever comes next, and extend the claim.

    The provider may have invalidated the old one; without this a failure of userinfo would end the session.
    Raises SessionEnded when the session is not ours to check any more.
    """
    now = timezone.now()
    changes: dict[str, object] = {"check_started_at": now}
    if refresh_token:
        session.refresh_token = refresh_token
        changes["refresh_token"] = session.refresh_token_envelope  # type: ignore[attr-defined]  # the field's second name
    _update_claimed(session, changes)
    session.check_started_at = now


def confirm_check(*, session: ConsoleSession, claims: Mapping[str, Any]) -> None:
    """The provider vouches for the session. Raises SessionEnded when it is not ours to check any more."""
    now = timezone.now()
    session.acr, session.amr = authentication_in(claims)
    changes = {"checked_at": now, "check_started_at": None, "acr": session.acr, "amr": session.amr}
    _update_claimed(session, changes)
    session.checked_at, session.check_started_at = now, None


def confirm_by_browser(
    *,
    session: ConsoleSession,
    id_token: str,
    refresh_token: str | None,
    sid: str | None,
    claims: Mapping[str, Any],
) -> None:
    """
    The provider has vouched for the session by `prompt=none`; the tokens of this answer replace the old ones.

    Only for a session that has not ended: a late answer brings none back. Raises SessionEnded.
    """
    session.id_token = id_token
    session.acr, session.amr = authentication_in(claims)
    changes: dict[str, object] = {
        "acr": session.acr,
        "amr": session.amr,
        "checked_at": timezone.now(),
        "check_started_at": None,
        "id_token": session.id_token_envelope,  # type: ignore[attr-defined]  # the field's second name
    }
    if refresh_token:
        session.refresh_token = refresh_token
        changes["refresh_token"] = session.refresh_token_envelope  # type: ignore[attr-defined]  # as above
    if sid:
        changes["sid"] = sid
    live = ConsoleSession.objects.live(at=timezone.now()).filter(pk=session.pk)
    if not live.update(**changes):
        raise SessionEnded(expected="a live session", received="one that has ended")


@transaction.atomic
def end_unvouched(*, session: ConsoleSession, sign_in: SignIn, error: SignInRefused, by: Actor) -> None:
    """End a session that its provider does not vouch for any more, and leave the trace that says why."""
    end_session(session=session, by=by)
    finish_attempt(sign_in=sign_in, by=by, user=session.user, error=error)


def _update_claimed(session: ConsoleSession, changes: Mapping[str, object]) -> None:
    ours = ConsoleSession.objects.filter(
        pk=session.pk, ended_at=None, check_started_at=session.check_started_at
    )
    if not ours.update(**changes):
        raise SessionEnded(expected="the session that is checked", received="one that has changed")
