"""What completes a check by `prompt=none`: the session that asked goes on, or it ends; no other comes into being."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from providers.errors import InternalError, SessionEnded
from providers.identities.services import renew_person
from providers.models import ConsoleSession, Provider, SignInAttempt
from providers.protocol.id_token import check_subject
from providers.refresh.services import confirm_by_browser, end_unvouched, may_wait
from providers.sessions.services import console_session_of, set_console_session
from providers.signin.completion import Completion
from providers.signin.redirects import with_next
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


class CheckCompletion(Completion):
    """
    The attempt belongs to the session that asked, and to the browser that has it.

    Another person at the provider is not signed in here without being asked: whoever can sign a browser in at
    the provider behind its owner's back would else put his own account in the place of the owner's. The session
    ends, and the person signs in anew.
    """

    # Without asking the person nothing can make the authentication any younger.
    limits_age = False

    def check_browser(self, request: HttpRequest, attempt: SignInAttempt) -> None:
        if _asking_session(request, attempt) is None:
            raise SessionEnded(expected="the session that asked", received="another one or none")

    def check_claims(self, attempt: SignInAttempt, claims: Mapping[str, Any]) -> None:
        check_subject(claims, _session_of(attempt).sub)

    def person(self, *, sign_in: SignIn, claims: Mapping[str, Any], by: Actor) -> "User":
        session = _session_of(sign_in.attempt)
        return renew_person(provider=sign_in.provider, user_id=session.user_id, claims=claims, by=by)

    def succeed(self, request: HttpRequest, sign_in: SignIn, user: "User") -> None:
        """Keep row and session key, and so its absolute lifetime; the request goes on as the same person."""
        sid = sign_in.claims.get("sid")
        by_token = sign_in.provider.session_refresh == Provider.Refresh.REFRESH_TOKEN
        confirm_by_browser(
            session=_session_of(sign_in.attempt),
            id_token=sign_in.id_token,
            refresh_token=sign_in.refresh_token if by_token else None,  # what nobody uses is not kept
            sid=sid if isinstance(sid, str) and len(sid) <= 255 else None,
            claims=sign_in.claims,
        )

    def refused(self, request: HttpRequest, sign_in: SignIn, error: DomainError) -> HttpResponse | None:
        """Go on as long as the grace lasts if the provider failed; else be signed out, and at the sign-in page."""
        attempt, by = sign_in.attempt, Actor.of(request)
        session = _asking_session(request, attempt)
        if isinstance(error, InternalError):
            return None
        if session is None or may_wait(session, error):
            finish_attempt(sign_in=sign_in, by=by, error=error)
            still_signed_in = console_session_of(request) is not None
            return HttpResponseRedirect(attempt.next_url or "/") if still_signed_in else _to_sign_in(attempt)
        end_unvouched(
            session=session,
            sign_in=sign_in,
            error=error,
            by=Actor("provider", sign_in.provider.slug, by.address),
        )
        set_console_session(request, None)
        request.session.flush()
        request.user = AnonymousUser()
        return _to_sign_in(attempt)


def _asking_session(request: HttpRequest, attempt: SignInAttempt) -> ConsoleSession | None:
    """Return this browser's live session, if it is the one that asked."""
    session = console_session_of(request)
    return session if session is not None and session.pk == attempt.session_id else None


def _session_of(attempt: SignInAttempt) -> ConsoleSession:
    if attempt.session is None:
        raise SessionEnded(expected="the session that asked", received="none")
    return attempt.session


def _to_sign_in(attempt: SignInAttempt) -> HttpResponse:
    return HttpResponseRedirect(with_next("/signin", attempt.next_url))
