"""
When a session is checked again, how long it goes on while the provider does not answer, and the writes about that.

A check is due `session_check_every` seconds after the last one. From then on the session has as long again, an
hour at most, in which requests are served although the provider has not vouched for it; then none is.

Each write is one conditional update on what was read: no row is locked while a provider is asked, and of several
requests exactly one asks. A good check is no event, like `last_seen_at`: `checked_at` says it. A change in the person's
rights is an event, and so is every session that ends.

Asked behind the browser's back (OpenID Connect Core 1.0 section 12), the answer's ID token is validated before anything
else of it is used. Then userinfo is asked from the same sources as at sign-in, because rights that came from userinfo
would else seem to be gone, or stay when they are; and the rules are applied again.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from providers import metadata
from providers.errors import REFUSALS, InternalError, ProviderFault, SessionEnded
from providers.exchange.endpoints import RefreshedTokens, fetch_userinfo, refresh_tokens, wants_userinfo
from providers.identities.services import renew_person
from providers.models import ConsoleSession, Provider, SignInAttempt
from providers.protocol.claims import merge_claims
from providers.protocol.id_token import ContinuityRules, check_refreshed_id_token
from providers.sessions.services import authentication_in, end_session
from providers.sessions.step_up import check_to_enter
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose.errors import JwtRefused
from ssoconsole.platform.jose.verify import ID_TOKEN, unverified_claims
from ssoconsole.platform.logs import place_of_fault

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
def end_unvouched(*, session: ConsoleSession, sign_in: SignIn, error: DomainError, by: Actor) -> None:
    """End a session that its provider does not vouch for any more, and leave the trace that says why."""
    end_session(session=session, by=by)
    finish_attempt(sign_in=sign_in, by=by, user=session.user, error=error)


def _update_claimed(session: ConsoleSession, changes: Mapping[str, object]) -> None:
    ours = ConsoleSession.objects.filter(
        pk=session.pk, ended_at=None, check_started_at=session.check_started_at
    )
    if not ours.update(**changes):
        raise SessionEnded(expected="the session that is checked", received="one that has changed")


log = structlog.get_logger("sessions")


class Standing(Enum):
    """What became of a session that was checked."""

    GOOD = "good"
    UNANSWERED = "unanswered"
    ENDED = "ended"


def ask_again(*, session: ConsoleSession, refresh_token: str, by: Actor, user_agent: str) -> Standing:
    """
    Check a session whose check has been claimed; it has ended, with a trace, when the provider says no.

    A provider that fails (see ProviderFault) leaves it unanswered until its grace is over; then it ends too.
    """
    sign_in = check_of(session, by=by, user_agent=user_agent)
    try:
        _ask(session, refresh_token, sign_in, by)
        return Standing.GOOD
    except SessionEnded:  # by somebody else, who is on record; or another process has taken the check over
        return Standing.UNANSWERED if _is_live(session) else Standing.ENDED
    except REFUSALS as refused:
        error = refused
    except Exception as fault:  # of ours, and no reason to answer a page with a 500
        log.error("session_check_broke", **place_of_fault(fault))  # noqa: TRY400 - the exception's own words may hold a token
        error = InternalError(expected="a check without a fault of ours", received=type(fault).__name__)
    if may_wait(session, error):
        log.warning("session_check_unanswered", provider=session.provider.slug, outcome=error.code)
        return Standing.UNANSWERED
    end_unvouched(session=session, sign_in=sign_in, error=error, by=by)
    return Standing.ENDED


def may_wait(session: ConsoleSession, error: DomainError) -> bool:
    """Tell whether the session goes on for now: nobody said no, and its grace is not over."""
    return isinstance(error, (ProviderFault, InternalError)) and timezone.now() < grace_ends(session)


def check_of(session: ConsoleSession, *, by: Actor, user_agent: str) -> SignIn:
    """Return what the trace of a check is made of; it is written only if the check ends the session."""
    attempt = SignInAttempt(
        provider=session.provider,
        purpose=SignInAttempt.Purpose.REFRESH,
        session=session,
        issuer=session.provider.issuer,
        started_at=timezone.now(),
        address=by.address,
        user_agent=user_agent[:255],
    )
    return SignIn(attempt=attempt, provider=session.provider, stage="asked")


def _ask(session: ConsoleSession, refresh_token: str, sign_in: SignIn, by: Actor) -> None:
    provider = session.provider
    sign_in.enter("token")
    answer = refresh_tokens(provider, refresh_token=refresh_token)
    sign_in.enter("id_token")
    sign_in.claims = _claims_of_id_token(session, answer)
    check_to_enter(provider, sign_in.claims)
    keep_refresh_token(session=session, refresh_token=answer.refresh_token)
    if answer.access_token and wants_userinfo(provider, sign_in.claims):
        sign_in.enter("userinfo")
        userinfo = fetch_userinfo(provider, access_token=answer.access_token, sub=session.sub)
        sign_in.claims = merge_claims(sign_in.claims, userinfo, mapping=provider.mapping)
    sign_in.enter("person")
    with transaction.atomic():
        renew_person(provider=provider, user_id=session.user_id, claims=sign_in.claims, by=by)
        confirm_check(session=session, claims=sign_in.claims)


def _claims_of_id_token(session: ConsoleSession, answer: RefreshedTokens) -> dict[str, Any]:
    """
    Return the claims of the ID token, checked against the first one; of the first one if no other came.

    The first one was verified before it was kept, and nobody but this console can write into its column. Raises
    RuntimeError where it cannot be read all the same: that is no refusal by the provider.
    """
    provider = session.provider
    try:
        original = unverified_claims(session.id_token or "")
    except JwtRefused as spoilt:
        raise RuntimeError("the ID token that the session keeps cannot be read") from spoilt
    if answer.id_token is None:
        return original
    verified = metadata.verify_token(provider, answer.id_token, types=ID_TOKEN)
    rules = ContinuityRules(
        issuer=provider.issuer,
        client_id=provider.client_id,
        original=original,
        leeway=provider.leeway,
        trusted_audiences=frozenset(provider.trusted_audiences),
        access_token=answer.access_token,
    )
    claims = check_refreshed_id_token(verified, rules=rules, now=int(time.time()))
    # Nobody was asked anew: where the new token says nothing of the authentication, it is that of the sign-in.
    return {**{name: original[name] for name in ("acr", "amr") if name in original}, **claims}


def _is_live(session: ConsoleSession) -> bool:
    return ConsoleSession.objects.live(at=timezone.now()).filter(pk=session.pk).exists()
