"""Leaving for a provider, from top to bottom (OpenID Connect Core 1.0 section 3.1.2.1)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from providers.errors import MetadataInvalid, ProviderDisabled, ProviderUnknown
from providers.exchange.endpoints import front_channel_query
from providers.kinds import kind_of
from providers.metadata import ensure_discovery
from providers.models import ConsoleSession, Provider, Rehearsal, SignInAttempt
from providers.registration.rolling_back import roll_back_if_overdue
from providers.sessions.step_up import PARAMETER
from providers.signin.attempts import start_attempt
from providers.signin.backend import authorization_request
from providers.signin.cookies import BINDING, BINDING_LASTS, browser_binding, set_cookie
from providers.signin.guard import count_sign_in, place_of, refuses_in_words
from providers.signin.redirects import add_query, local_target
from ssoconsole.platform.actors import Actor

LONGEST_HINT = 255
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# What the library draws for each request; no registration and no kind sets it.
DRAWN = ("state", "nonce", "code_challenge", "code_challenge_method")


@refuses_in_words
@require_http_methods(["GET"])
def signin_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave for the provider of this name, to sign in."""
    # The provider will send the browser to BASE_URL, and a cookie of 127.0.0.1 is not sent to localhost: on one's own
    # machine the page is led to its own address.
    base, (name, _, port) = urlsplit(settings.BASE_URL), request.get_host().rpartition(":")
    another = base.hostname in LOOPBACK and name in LOOPBACK and name != base.hostname
    if another and port == str(base.port):
        return HttpResponseRedirect(f"{settings.BASE_URL}{request.get_full_path()}")
    next_url = local_target(request.GET.get("next"))
    count_sign_in(request)
    provider = registered_provider(request, slug, next_url)
    hint = request.GET.get("login_hint", "")
    return leave(
        request,
        provider,
        next_url,
        reauthenticate=request.GET.get("reauth") == "1",
        step_up=PARAMETER in request.GET,
        more={"login_hint": hint} if hint and len(hint) <= LONGEST_HINT and hint.isprintable() else {},
    )


def registered_provider(request: HttpRequest, slug: str, next_url: str) -> Provider:
    """
    Return the provider of this name as it stands now, with its metadata.

    Raises ProviderUnknown, ProviderDisabled, and what fetching the metadata raises.
    """
    provider = Provider.objects.named(slug)
    if provider is not None:
        roll_back_if_overdue(provider)
    if provider is None or provider.slug != slug:  # what could not be rolled back keeps the name that it has
        raise ProviderUnknown(expected="a registered provider", received=slug[:100])
    place = place_of(request)
    place.provider, place.next_url = provider, next_url
    if not provider.enabled:
        raise ProviderDisabled(expected="an enabled provider", received=slug)
    ensure_discovery(provider)
    return provider


def leave(
    request: HttpRequest,
    provider: Provider,
    next_url: str,
    *,
    purpose: str = SignInAttempt.Purpose.SIGN_IN,
    session: ConsoleSession | None = None,
    rehearsal: Rehearsal | None = None,
    reauthenticate: bool = False,
    step_up: bool = False,
    asks_for_more: bool = False,
    more: Mapping[str, str | None] | None = None,
) -> HttpResponse:
    """
    Write the attempt down and answer the redirect to the provider, with the cookie that binds the two together.

    `more` are parameters in the place of the registration's, None for one that is left out. `asks_for_more` asks for
    what administrators need, whoever comes back; with `step_up` it is also demanded of the answer. The other arguments
    are those of `start_attempt`. Raises MetadataInvalid, and what pushing the request raises.
    """
    endpoint = provider.endpoint("authorization_endpoint")
    if endpoint is None:
        raise MetadataInvalid(expected="an authorization_endpoint", received="none")
    redirect_uri = provider.redirect_uri
    # The flow's own come after those of the registration, which may not override them.
    asked: dict[str, str | None] = {
        **kind_of(provider).authorization_parameters(
            provider, reauthenticate=reauthenticate, step_up=asks_for_more or step_up
        ),
        "response_type": provider.response_type,
        "scope": " ".join(provider.scopes),
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
    }
    if provider.response_type == Provider.ResponseType.ID_TOKEN:
        asked["response_mode"] = "form_post"  # its default is the fragment, which no server sees
    asked |= {**(more or {}), **dict.fromkeys(DRAWN)}
    parameters = {name: value for name, value in asked.items() if value is not None}
    made = authorization_request(request, provider, parameters)
    # Before there is an attempt: a provider that refuses leaves a trace, and nothing to come back to.
    query = front_channel_query(provider, made.query)
    binding = browser_binding(request)
    start_attempt(
        provider=provider,
        state=made.state,
        nonce=made.nonce,
        code_verifier=made.code_verifier,
        binding=binding,
        redirect_uri=redirect_uri,
        next_url=next_url,
        by=Actor.of(request),
        user_agent=request.headers.get("User-Agent", ""),
        purpose=purpose,
        session=session,
        rehearsal=rehearsal,
        reauthenticate=reauthenticate,
        step_up=step_up,
    )
    response = HttpResponseRedirect(add_query(endpoint, query))
    set_cookie(response, BINDING, binding, lifetime=BINDING_LASTS)
    return response
