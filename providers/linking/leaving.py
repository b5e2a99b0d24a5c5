"""POST /account/connect/<slug>: leaving for a provider to prove that an account there is one's own too."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from providers.kinds import kind_of
from providers.models import SignInAttempt
from providers.sessions.browser import console_session_of
from providers.signin.hop import lead_on_instead
from providers.signin.next_url import with_next
from providers.signin.request_view import RequestView


@method_decorator(csrf_protect, name="dispatch")  # or another site could connect its account to hers
class ConnectView(RequestView):
    """A sign-in's request that belongs to the session of whoever is signed in here, and asks him there again."""

    http_method_names = ["post"]  # noqa: RUF012 - as the library declares it
    purpose = SignInAttempt.Purpose.LINK

    def post(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """
        Answer the page that leads to the provider: a form may not be answered by a redirect to another origin.

        Who is not signed in through a provider is sent to sign in.
        """
        self.session = console_session_of(request)
        if self.session is None:
            return HttpResponseRedirect(with_next(reverse("signin"), reverse("account")))
        return lead_on_instead(request, self.get(request, slug), name=self.provider.name)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """On a shared machine somebody else may be signed in at the provider: it is to ask who this is."""
        again = kind_of(self.provider).reauthentication_parameters()
        return {**super().get_extra_params(request), **again}

    def _leave(self, request: HttpRequest, next_url: str) -> HttpResponse:
        return super()._leave(request, reverse("account"))
