"""Signed-in browsers: where a request has its session row, and the writes about it."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from providers.models import ConsoleSession, Provider, SpentLogoutToken
from providers.models.session import LONGEST_ACR, SEEN_EVERY
from providers.protocol.id_token import methods_in
from providers.protocol.logout_token import Logout, LogoutTokenUsed
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

SESSION_KEY = "console_session"  # in the browser's own session: the primary key of the row
PROVIDER_BACKEND = "providers.signin.backend.ProviderBackend"
UNUSED = Actor("timeout", "")


def set_console_session(request: HttpRequest, session: ConsoleSession | None) -> None:
    """Keep the row of this browser's session while the request is served."""
    request.console_session = session  # type: ignore[attr-defined]  # read by `console_session_of` alone


def console_session_of(request: HttpRequest) -> ConsoleSession | None:
    """Return the live session of this browser with its provider; None for strangers and password sign-ins."""
    return getattr(request, "console_session", None)


def authentication_in(claims: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return `acr` and `amr` as a session keeps them."""
    acr = claims.get("acr")
    return (
        acr if isinstance(acr, str) and len(acr) <= LONGEST_ACR and acr.isprintable() else ""
    ), methods_in(claims)


@transaction.atomic(savepoint=False)
def start_session(
    *,
    request: HttpRequest,
    user: AbstractBaseUser,
    provider: Provider,
    claims: Mapping[str, Any],
    id_token: str,
    refresh_token: str | None,
) -> ConsoleSession:
    """
    Write down that this browser is signed in, and name the row in its session; call it after `auth.login`.

    A session that the browser had before, whoever's it was, ends here: the browser has lost its way to it.
    Past SESSIONS_PER_USER the person's oldest sessions end too.
    """
    by = Actor.of(request)
    if previous := console_session_of(request):
        end_session(session=previous, by=by)
    now = timezone.now()
    sid = claims.get("sid")
    session = ConsoleSession(
        user_id=user.pk,
        provider=provider,
        sub=claims["sub"],
        sid=sid if isinstance(sid, str) and len(sid) <= 255 else "",
        started_at=now,
        checked_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(seconds=provider.session_lifetime),
        address=by.address,
        user_agent=request.headers.get("User-Agent", "")[:255],
    )
    session.acr, session.amr = authentication_in(claims)
    session.id_token = id_token
    if provider.session_refresh == Provider.Refresh.REFRESH_TOKEN:
        session.refresh_token = refresh_token  # what is not going to be used is not kept
    session.save(force_insert=True)
    request.session[SESSION_KEY] = str(session.pk)
    request.session.set_expiry(provider.session_lifetime)
    set_console_session(request, session)
    record_event("session_started", by=by, target=str(session.pk), after={"provider": provider.slug})
    _keep_to_the_limit(user, by=by)
    return session


@transaction.atomic
def end_session(*, session: ConsoleSession, by: Actor) -> bool:
    """
    End a session once, and drop its tokens; False when somebody has ended it before, who stays on record.
    """
    if not end_selected(ConsoleSession.objects.filter(pk=session.pk), by=by):
        return False
    record_event("session_ended", by=by, target=str(session.pk))
    return True


@transaction.atomic
def end_sessions_of_user(
    *, user: AbstractBaseUser, by: Actor, apart_from: ConsoleSession | None = None
) -> int:
    """End every session of a person, or every other one than `apart_from`; return how many there were."""
    sessions = ConsoleSession.objects.filter(user_id=user.pk)
    if apart_from is not None:
        sessions = sessions.exclude(pk=apart_from.pk)
    ended = end_selected(sessions, by=by)
    if ended:
        record_event("sessions_ended", by=by, target=user.get_username(), after={"sessions": ended})
    return ended


@transaction.atomic
def end_sessions_of_provider(*, provider: Provider, by: Actor) -> int:
    """End every session that began at a provider; return how many there were."""
    ended = end_selected(ConsoleSession.objects.filter(provider=provider), by=by)
    if ended:
        record_event("sessions_ended", by=by, target=provider.slug, after={"sessions": ended})
    return ended


@transaction.atomic
def end_idle_session(*, key: uuid.UUID, at: datetime) -> bool:
    """End a session that nobody has used for SESSION_IDLE_MINUTES; False where that is not what is wrong with it."""
    if not end_selected(ConsoleSession.objects.idle(at=at).filter(pk=key), by=UNUSED):
        return False
    record_event("session_ended", by=UNUSED, target=str(key), after={"why": "nobody used it"})
    return True


@transaction.atomic
def end_sessions_by_logout(*, provider: Provider, logout: Logout, by: Actor) -> int:
    """
    End the sessions that a logout token of `provider` speaks of, drop their tokens, and return how many.

    Raises LogoutTokenUsed for every use but the first, in whatever process, and then changes nothing.
    """
    try:
        SpentLogoutToken.objects.create(
            provider=provider,
            jti_hash=hashlib.sha256(logout.jti.encode()).hexdigest(),
            expires_at=datetime.fromtimestamp(logout.expires_at, UTC),
        )
    except IntegrityError:
        raise LogoutTokenUsed(expected="a new jti", received="one that was used before") from None
    ended = end_selected(_sessions_of(provider, logout), by=by)
    named = {"sub": logout.sub, "sid": logout.sid}
    record_event("backchannel_logout", by=by, target=provider.slug, after={**named, "sessions": ended})
    return ended


def _sessions_of(provider: Provider, logout: Logout) -> QuerySet[ConsoleSession]:
    """
    Of a person's sessions the one with that id; and those whose id was never told, which may be that one.
    """
    sessions = ConsoleSession.objects.filter(provider=provider)
    if logout.sub is None:
        return sessions.filter(sid=logout.sid)
    sessions = sessions.filter(sub=logout.sub)
    return sessions if logout.sid is None else sessions.filter(Q(sid=logout.sid) | Q(sid=""))


def _keep_to_the_limit(user: AbstractBaseUser, *, by: Actor) -> None:
    """
    End a person's oldest sessions, each on record, until SESSIONS_PER_USER are left.

    Two at once do not both count without the other's: `auth.login` has written the time into the person's row
    in this transaction, and so holds the row until its end.
    """
    live = ConsoleSession.objects.live(at=timezone.now()).filter(user_id=user.pk)
    keys = live.order_by("-started_at", "-pk").values_list("pk", flat=True)
    for key in keys[max(1, settings.SESSIONS_PER_USER) :]:
        if end_selected(ConsoleSession.objects.filter(pk=key), by=by):
            record_event("session_ended", by=by, target=str(key), after={"why": "too many sessions"})


def note_seen(*, session: ConsoleSession, at: datetime) -> None:
    """Move `last_seen_at`, at most once a minute whatever the number of requests and processes; no event."""
    if session.last_seen_at > at - SEEN_EVERY:
        return
    stale = ConsoleSession.objects.filter(pk=session.pk, last_seen_at__lte=at - SEEN_EVERY)
    stale.update(last_seen_at=at)


def end_selected(sessions: QuerySet[ConsoleSession], *, by: Actor) -> int:
    """
    End those of `sessions` that nobody has ended yet, and return how many; the event is the caller's.

    One conditional update: two who end a session at once cannot both have done it.
    """
    return sessions.filter(ended_at=None).update(
        ended_at=timezone.now(), ended_by=str(by)[:300], id_token=None, refresh_token=None
    )
