"""
What an attempt is completed by, depending on what it is for.

`Completion` is that of a plain sign-in. Another purpose is a subclass that lives with its flow, and a line in
`providers/signin/guard.py`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import auth
from django.http import HttpRequest, HttpResponse

from providers.identities.services import sign_in_person
from providers.models import SignInAttempt
from providers.registration.rolling_back import confirm_by_sign_in
from providers.sessions.services import PROVIDER_BACKEND, start_session
from providers.sessions.step_up import meets_demands_to_administer
from providers.signin.traces import SignIn
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


class Completion:
    """
    Whoever the provider vouches for is signed in with this browser. Knows no request but its arguments.

    `limits_age` says whether the registration's `max_age` holds, `marks_browser` whether the browser remembers the
    success beside its session.
    """

    limits_age: ClassVar[bool] = True
    marks_browser: ClassVar[bool] = True

    def check_browser(self, request: HttpRequest, attempt: SignInAttempt) -> None:
        """Raise the outcome, before anything of the answer is spent, if this browser may not finish it."""

    def check_claims(self, attempt: SignInAttempt, claims: Mapping[str, Any]) -> None:
        """Raise the outcome if the claims of the checked ID token are not of whom they have to be."""

    def person(self, *, sign_in: SignIn, claims: Mapping[str, Any], by: Actor) -> "User":
        """Return the user behind the checked `claims`, or raise the outcome; then nothing has changed."""
        return sign_in_person(provider=sign_in.provider, claims=claims, by=by)

    def succeed(self, request: HttpRequest, sign_in: SignIn, user: "User") -> None:
        """
        Do to the browser what the attempt was for, in the transaction that also writes the trace.

        Here: sign it in under a new session key, whoever it was before. An administrator who gets in through a
        provider on trial confirms it.
        """
        if sign_in.provider.trial_ends_at:
            by = Actor("user", user.get_username(), sign_in.attempt.address)
            confirm_by_sign_in(
                provider=sign_in.provider,
                user=user,
                may_administer=meets_demands_to_administer(sign_in.provider, sign_in.claims),
                attempt=sign_in.attempt,
                by=by,
            )
        # Against session fixation: Django keeps the key when the same person signs in again.
        before = request.session.session_key
        auth.login(request, user, backend=PROVIDER_BACKEND)
        if before and request.session.session_key == before:
            request.session.cycle_key()
        start_session(
            request=request,
            user=user,
            provider=sign_in.provider,
            claims=sign_in.claims,
            id_token=sign_in.id_token,
            refresh_token=sign_in.refresh_token,
        )

    def refused(self, request: HttpRequest, sign_in: SignIn, error: DomainError) -> HttpResponse | None:
        """
        Write the trace and answer a refusal in a way of one's own; None: the trace and the page of sign-ins.
        """
        return None
