"""What completes a rehearsal: what a sign-in would do is decided and told, and nothing of it is done."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from providers.errors import RehearsalMismatch
from providers.identities.services import decide_person
from providers.models import SignInAttempt
from providers.rehearsal import services
from providers.rehearsal.services import keep_result, may_rehearse, refuse_rehearsal, rehearsal_of
from providers.sessions.step_up import check_to_administer
from providers.signin.completion import Completion
from providers.signin.traces import SignIn
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


class RehearsalCompletion(Completion):
    """
    The administrator who has begun it, in his browser and still one, sees what would happen.

    Whoever else comes back could otherwise let his own claims decide whether a registration is good.
    """

    marks_browser = False  # nobody has signed in

    def check_browser(self, request: HttpRequest, attempt: SignInAttempt) -> None:
        if not may_rehearse(request, rehearsal_of(attempt)):
            raise RehearsalMismatch(
                expected="the administrator who began the rehearsal", received="another person or none"
            )

    def person(self, *, sign_in: SignIn, claims: Mapping[str, Any], by: Actor) -> "User":
        """Decide about the person as a sign-in does; return the administrator, whom this is shown to."""
        decision = decide_person(provider=sign_in.provider, claims=claims)
        if decision.after["is_staff"]:
            check_to_administer(sign_in.provider, sign_in.claims)
        sign_in.result = services.of_decision(decision, sign_in.provider, claims)
        return rehearsal_of(sign_in.attempt).by

    def succeed(self, request: HttpRequest, sign_in: SignIn, user: "User") -> None:
        """Keep what was decided; the browser and its session stay as they are."""
        keep_result(rehearsal=rehearsal_of(sign_in.attempt), result=sign_in.result)

    def refused(self, request: HttpRequest, sign_in: SignIn, error: DomainError) -> HttpResponse | None:
        """Tell the refusal on the rehearsal's own page, to nobody but its administrator."""
        rehearsal = sign_in.attempt.rehearsal
        if rehearsal is None or not may_rehearse(request, rehearsal):
            return None
        refuse_rehearsal(
            rehearsal=rehearsal,
            sign_in=sign_in,
            error=error,
            result=services.of_refusal(error, sign_in.provider, sign_in.claims),
            by=Actor.of(request),
        )
        return HttpResponseRedirect(sign_in.attempt.next_url)
