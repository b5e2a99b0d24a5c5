"""
Asking the provider behind the browser's back (OpenID Connect Core 1.0 section 12).

The ID token is validated before anything else of the answer is used. Then userinfo is asked from the same sources as
at sign-in, because rights that came from userinfo would else seem to be gone, or stay when they are; and the rules are
applied again.
"""

import time
from enum import Enum
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from providers import metadata
from providers.errors import InternalError, ProviderFault, SessionEnded, SignInRefused
from providers.exchange.endpoints import RefreshedTokens, fetch_userinfo, refresh_tokens, wants_userinfo
from providers.identities.services import renew_person
from providers.models import ConsoleSession, SignInAttempt
from providers.protocol.claims import merge_claims
from providers.protocol.id_token import ContinuityRules, check_refreshed_id_token
from providers.refresh.services import confirm_check, end_unvouched, grace_ends, keep_refresh_token
from providers.sessions.step_up import check_to_enter
from providers.signin.traces import SignIn
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.jose.verify import ID_TOKEN, unverified_claims
from ssoconsole.platform.logs import place_of_fault

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
    except SignInRefused as refused:
        error = refused
    except Exception as fault:  # of ours, and no reason to answer a page with a 500
        log.error("session_check_broke", **place_of_fault(fault))  # noqa: TRY400 - the exception's own words may hold a token
        error = InternalError(expected="a check without a fault of ours", received=type(fault).__name__)
    if may_wait(session, error):
        log.warning("session_check_unanswered", provider=session.provider.slug, outcome=error.code)
        return Standing.UNANSWERED
    end_unvouched(session=session, sign_in=sign_in, error=error, by=by)
    return Standing.ENDED


def may_wait(session: ConsoleSession, error: SignInRefused) -> bool:
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

    The first one was verified before it was kept, and nobody but this console can write into its column.
    """
    provider, original = session.provider, unverified_claims(session.id_token or "")
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
