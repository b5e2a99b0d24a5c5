"""Leaving for the provider with `prompt=none`: is the person still signed in there? (Core 1.0 section 3.1.2.1)"""

from django.http import HttpRequest, HttpResponse, QueryDict

from providers.errors import MetadataInvalid
from providers.metadata.services import ensure_discovery
from providers.models import ConsoleSession, SignInAttempt
from providers.refresh.navigation import comes_from_here
from providers.signin.hop import lead_on_instead
from providers.signin.limits import count_sign_in
from providers.signin.next_url import local_target
from providers.signin.request_view import RequestView


class CheckView(RequestView):
    """
    A sign-in's request with another prompt, that belongs to a session; it has no address of its own.

    So that nobody can send a browser here from another site before its check is due.
    """

    purpose = SignInAttempt.Purpose.REFRESH

    def get(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """Answer the way to the provider. Raises a SignInRefused, which `dispatch` would make a page."""
        next_url = local_target(request.get_full_path())
        count_sign_in(request)
        request.GET = QueryDict()  # it is the page's, and no wish about signing in
        ensure_discovery(self.provider)
        if not self.OIDC_OP_AUTH_ENDPOINT:
            raise MetadataInvalid(expected="an authorization_endpoint", received="none")
        response = self._leave(request, next_url)
        if comes_from_here(request):
            response = lead_on_instead(request, response, name=self.provider.name)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """
        Ask for an answer without a question to the person.

        A max age would demand one as soon as it is over, and is about signing in.
        """
        params = super().get_extra_params(request)
        params.pop("max_age", None)
        params["prompt"] = "none"
        hint = self.session.id_token_hint if self.session else None
        return params | ({"id_token_hint": hint} if hint else {})


def leave_for_check(request: HttpRequest, session: ConsoleSession) -> HttpResponse:
    """Send the browser to the provider of its session. Raises a SignInRefused when that cannot be done."""
    view = CheckView()
    view.setup(request)
    view.session, view.provider = session, session.provider
    asked = request.GET
    try:
        return view.get(request)
    finally:
        request.GET = asked
