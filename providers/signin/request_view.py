"""Leaving for a provider: the authorization request (OpenID Connect Core 1.0 section 3.1.2.1)."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import View
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from providers.errors import MetadataInvalid, ProviderDisabled, ProviderUnknown
from providers.exchange.pushed_authorization import front_channel_query
from providers.kinds import kind_of
from providers.metadata.services import ensure_discovery
from providers.models import ConsoleSession, Provider, Rehearsal, SignInAttempt
from providers.sessions.step_up import PARAMETER
from providers.signin import asking_again
from providers.signin.attempts import start_attempt
from providers.signin.binding import browser_binding, set_binding
from providers.signin.guard import refuses_in_words
from providers.signin.limits import count_sign_in
from providers.signin.next_url import local_target
from providers.signin.per_provider import PerProvider
from providers.signin.progress import set_place
from providers.signin.query import add_query
from providers.trial.services import roll_back_overdue, settle
from ssoconsole.actors import Actor

LONGEST_HINT = 255
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@method_decorator(refuses_in_words, name="dispatch")
class RequestView(PerProvider, OIDCAuthenticationRequestView):
    """The library's view, except that the transaction goes into a row, and the session is left alone."""

    http_method_names = ["get"]  # noqa: RUF012 - as the library declares it
    purpose: str = SignInAttempt.Purpose.SIGN_IN  # a subclass that leaves for another one says so
    session: ConsoleSession | None = None  # which it belongs to then
    rehearsal: Rehearsal | None = None  # what it goes through instead of a stored registration

    asks_for_more = False  # as administrators need it, whoever comes back

    def __init__(self, **kwargs: Any) -> None:
        View.__init__(self, **kwargs)  # the library's reads settings, and there is no provider yet

    def get(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        if own_address := _under_own_address(request):
            return HttpResponseRedirect(own_address)
        next_url = local_target(request.GET.get("next"))
        count_sign_in(request)
        self.provider = _provider(slug)
        set_place(request, provider=self.provider, next_url=next_url)
        if not self.provider.enabled:
            raise ProviderDisabled(expected="an enabled provider", received=slug)
        ensure_discovery(self.provider)
        if not self.OIDC_OP_AUTH_ENDPOINT:
            raise MetadataInvalid(expected="an authorization_endpoint", received="none")
        return self._leave(request, next_url)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """
        What the library adds to its own parameters, and may override them by: so the flow's own come last.
        """
        kind = kind_of(self.provider)
        params = {
            **kind.authorization_parameters(
                self.provider,
                reauthenticate=asking_again.is_wanted(request),
                step_up=self.asks_for_more or PARAMETER in request.GET,
            ),
            "response_type": self.provider.response_type,
            "scope": self.get_settings("OIDC_RP_SCOPES"),
            "client_id": self.provider.client_id,
            "redirect_uri": self._redirect_uri(),
        }
        if self.provider.response_type == Provider.ResponseType.ID_TOKEN:
            params["response_mode"] = "form_post"  # its default is the fragment, which no server sees
        if hint := _login_hint(request):
            params["login_hint"] = hint
        for ours in ("state", "nonce", "code_challenge", "code_challenge_method"):
            params.pop(ours, None)
        return params

    def _leave(self, request: HttpRequest, next_url: str) -> HttpResponse:
        """Let the library build the request, and take its transaction over."""
        session, transaction = request.session, _Transaction()
        request.session = transaction  # type: ignore[assignment]  # the library needs no more of it than a dictionary
        try:
            redirect = super().get(request)  # type: ignore[no-untyped-call]  # the library has no types
        finally:
            request.session = session
        endpoint = str(self.OIDC_OP_AUTH_ENDPOINT)
        # Before there is an attempt: a provider that refuses leaves a trace, and nothing to come back to.
        query = front_channel_query(self.provider, redirect.url.removeprefix(f"{endpoint}?"))
        [(state, made)] = transaction["oidc_states"].items()
        binding = browser_binding(request)
        start_attempt(
            provider=self.provider,
            state=state,
            nonce=made["nonce"],
            code_verifier=made["code_verifier"],
            binding=binding,
            redirect_uri=self._redirect_uri(),
            next_url=next_url,
            by=Actor.of(request),
            user_agent=request.headers.get("User-Agent", ""),
            purpose=self.purpose,
            session=self.session,
            rehearsal=self.rehearsal,
            reauthenticate=asking_again.is_wanted(request),
            step_up=PARAMETER in request.GET,
        )
        response = HttpResponseRedirect(add_query(endpoint, query))
        set_binding(response, binding)
        return response

    def _redirect_uri(self) -> str:
        return f"{settings.BASE_URL}{self.provider.callback_path}"


class _Transaction(dict[str, Any]):
    """Stands in for the session while the library writes its states into it; nothing of it is saved."""


def _under_own_address(request: HttpRequest) -> str | None:
    """
    Return this page under BASE_URL when it was opened under another name of one's own machine.

    The provider will send the browser to BASE_URL, and a cookie of 127.0.0.1 is not sent to localhost.
    """
    base, (name, _, port) = urlsplit(settings.BASE_URL), request.get_host().rpartition(":")
    another = base.hostname in LOOPBACK and name in LOOPBACK and name != base.hostname
    return f"{settings.BASE_URL}{request.get_full_path()}" if another and port == str(base.port) else None


def _provider(slug: str) -> Provider:
    named = Provider.objects.filter(slug=slug)
    provider = named.first()
    if provider is not None:
        settle(provider)
    # Otherwise it may be the name that a provider has again once its trial is rolled back.
    elif roll_back_overdue(at=timezone.now()):
        provider = named.first()
    if provider is None or provider.slug != slug:
        raise ProviderUnknown(expected="a registered provider", received=slug[:100])
    return provider


def _login_hint(request: HttpRequest) -> str:
    hint = request.GET.get("login_hint", "")
    return hint if len(hint) <= LONGEST_HINT and hint.isprintable() else ""
