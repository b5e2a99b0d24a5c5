"""What completes connecting an account: it is the user's of the session that asked, or nothing has changed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from providers.errors import SessionEnded
from providers.identities.linking import link_identity
from providers.models import ConsoleSession, SignInAttempt
from providers.sessions.services import console_session_of
from providers.signin.completion import Completion
from providers.signin.traces import SignIn
from ssoconsole.platform.actors import Actor

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


class ConnectCompletion(Completion):
    """
    The same browser, the same live session and the same user must still be there; nobody is signed in.

    Otherwise an answer that comes late could connect the account of whoever used the browser next.
    """

    def check_browser(self, request: HttpRequest, attempt: SignInAttempt) -> None:
        _asking_session(request, attempt)

    def person(self, *, sign_in: SignIn, claims: Mapping[str, Any], by: Actor) -> "User":
        """Return the user of the session that asked, whoever the claims speak of; `succeed` judges them."""
        session = sign_in.attempt.session
        if session is None:
            raise SessionEnded(expected="the session that asked", received="none")
        return session.user

    def succeed(self, request: HttpRequest, sign_in: SignIn, user: "User") -> None:
        """Link the identity in the transaction that also writes the trace; the session goes on as it was."""
        session = _asking_session(request, sign_in.attempt)
        provider = sign_in.provider
        link_identity(provider=provider, session=session, claims=sign_in.claims, by=Actor.of(request))
        messages.success(request, gettext("%(provider)s is connected.") % {"provider": provider})


def _asking_session(request: HttpRequest, attempt: SignInAttempt) -> ConsoleSession:
    session = console_session_of(request)
    if session is None or session.pk != attempt.session_id:
        raise SessionEnded(expected="the session that asked", received="another one or none")
    return session
