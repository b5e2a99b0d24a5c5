"""Ending sessions because the provider says so, by a logout token."""

import hashlib
from datetime import UTC, datetime

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from providers.models import ConsoleSession, Provider, SpentLogoutToken
from providers.protocol.logout_token import Logout
from providers.sessions.services import end_selected
from providers.signout.errors import LogoutTokenUsed
from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import record_event


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


def _sessions_of(provider: Provider, logout: Logout) -> models.QuerySet[ConsoleSession]:
    """
    Of a person's sessions the one with that id; and those whose id was never told, which may be that one.
    """
    sessions = ConsoleSession.objects.filter(provider=provider)
    if logout.sub is None:
        return sessions.filter(sid=logout.sid)
    sessions = sessions.filter(sub=logout.sub)
    return sessions if logout.sid is None else sessions.filter(Q(sid=logout.sid) | Q(sid=""))
