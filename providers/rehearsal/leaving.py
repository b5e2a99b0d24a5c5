"""Leaving for a provider whose registration is not saved."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from providers.errors import MetadataInvalid, SignInRefused
from providers.metadata.services import fetch_discovery
from providers.models import Rehearsal, SignInAttempt
from providers.rehearsal import result
from providers.rehearsal.registration import rehearsed_provider
from providers.rehearsal.services import attempt_to_leave, keep_metadata, refuse_rehearsal
from providers.signin.guard import as_refusal
from providers.signin.hop import lead_on_instead
from providers.signin.limits import count_sign_in
from providers.signin.request_view import RequestView
from ssoconsole.actors import Actor


class RehearsalView(RequestView):
    """A sign-in's request through the registration that a rehearsal has; it has no address of its own."""

    purpose = SignInAttempt.Purpose.REHEARSAL
    rehearsal: Rehearsal
    asks_for_more = True

    def leave(self, request: HttpRequest, page: str) -> HttpResponse:
        """Answer the way to the provider, from where the browser comes to `page`. Raises a SignInRefused."""
        count_sign_in(request)
        if not self.provider.discovery:
            self.provider.discovery = fetch_discovery(self.provider)
            keep_metadata(rehearsal=self.rehearsal, provider=self.provider)
        if not self.OIDC_OP_AUTH_ENDPOINT:
            raise MetadataInvalid(expected="an authorization_endpoint", received="none")
        # The form that led here may not be answered by a redirect to another origin.
        return lead_on_instead(request, self._leave(request, page), name=self.provider.name)


def leave_for_rehearsal(request: HttpRequest, rehearsal: Rehearsal, *, page: str) -> HttpResponse:
    """Send the browser to the provider, or to `page`, which tells why that could not be done."""
    view = RehearsalView()
    view.setup(request)
    view.rehearsal, view.provider = rehearsal, rehearsed_provider(rehearsal)
    asked, request.GET = request.GET, QueryDict()  # no wish about signing in is a form's
    try:
        return view.leave(request, page)
    except Exception as error:  # as at the door of every sign-in: a fault of ours is told, and is no 500
        _refuse(request, view, as_refusal(error))
        return HttpResponseRedirect(page)
    finally:
        request.GET = asked


def _refuse(request: HttpRequest, view: RehearsalView, error: SignInRefused) -> None:
    by = Actor.of(request)
    agent = request.headers.get("User-Agent", "")
    sign_in = attempt_to_leave(rehearsal=view.rehearsal, provider=view.provider, by=by, user_agent=agent)
    told = result.of_refusal(error, view.provider, {})
    refuse_rehearsal(rehearsal=view.rehearsal, sign_in=sign_in, error=error, result=told, by=by)
