"""
Coming back from a provider, from top to bottom; what each step keeps out stands beside it.

1. Whose answer is it, and is this the browser that left? 2. It counts once. 3. Does it fit what was asked? 4. The code
is spent and the ID token proven, by the library with the console's own steps (`providers.signin.backend`). 5. Who that
is, his session and the trace are one transaction.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from providers.errors import (
    AnswerIncomplete,
    BrowserMismatch,
    CallbackMismatch,
    IssParameterMismatch,
    IssParameterMissing,
    ProviderChanged,
    ProviderDisabled,
    StateUsed,
)
from providers.models import Provider
from providers.protocol.discovery import announces_iss_parameter
from providers.sessions.services import console_session_of, set_console_session
from providers.signin.answers import (
    attempt_of,
    check_age,
    keep_form,
    provider_of,
    refused_by_provider,
)
from providers.signin.attempts import consume_attempt
from providers.signin.backend import ProviderBackend
from providers.signin.completion import Completion
from providers.signin.cookies import is_bound
from providers.signin.guard import place_of, refuses_in_words
from providers.signin.limits import count_sign_in
from providers.signin.purposes import completion_of
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import events_in_one_insert
from ssoconsole.platform.jose.errors import shown

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


@csrf_exempt  # the state and the binding cookie do what a CSRF token does
@refuses_in_words
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Take an answer that came by redirect, or the second leg of one that was posted; a POST is the first leg."""
    if request.method == "POST":
        return keep_form(request)
    attempt = attempt_of(request, request.GET)
    # Login CSRF (RFC 6749 section 10.12): a stranger who has seen a state can neither finish the attempt nor spoil it.
    if not is_bound(request, attempt.binding_hash):
        count_sign_in(request)
        raise BrowserMismatch(expected="the browser that started this sign-in", received="another one")
    place = place_of(request)
    place.next_url = attempt.next_url
    answer = QueryDict(attempt.posted_answer) if attempt.posted_answer else request.GET
    try:  # a replayed answer, or the same one twice at once: used up before anything is spent on it
        consume_attempt(attempt=attempt)
    except StateUsed:
        count_sign_in(request)
        raise
    sign_in = SignIn(attempt=attempt, provider=provider_of(attempt))
    place.sign_in = sign_in
    completion = completion_of(attempt)
    completion.check_browser(request, attempt)
    _check_answer(request, sign_in, answer)
    browser = (request.session, request.user, console_session_of(request))
    try:
        claims = ProviderBackend().claims_in(request, answer, sign_in=sign_in, completion=completion)
        return _complete(request, sign_in, completion, claims)
    except Exception:
        # Whatever was half done to the session is not saved: the browser stays who it was.
        session, request.user, console_session = browser
        request.session = _as_stored(session)
        set_console_session(request, console_session)
        raise


def _check_answer(request: HttpRequest, sign_in: SignIn, answer: QueryDict) -> None:
    """Raise the outcome for the first thing that keeps the code or the ID token in `answer` from being used."""
    attempt, provider = sign_in.attempt, sign_in.provider
    check_age(attempt)
    if not provider.enabled:
        raise ProviderDisabled(expected="an enabled provider", received=provider.slug)
    if attempt.issuer != provider.issuer:
        raise ProviderChanged(expected=shown(attempt.issuer), received=shown(provider.issuer))
    sent_to = urlsplit(attempt.redirect_uri).path
    if request.path != sent_to:
        raise CallbackMismatch(expected=sent_to, received=shown(request.path))
    # Mix-up of providers (RFC 9207 section 2.4), found before the code is sent anywhere; error answers are checked
    # alike. An answer that is an ID token names its issuer in it, and providers leave the parameter out.
    iss = answer.get("iss")
    by_id_token = provider.response_type == Provider.ResponseType.ID_TOKEN and "id_token" in answer
    if iss is not None and iss != provider.issuer:
        raise IssParameterMismatch(expected=shown(provider.issuer), received=shown(iss))
    if iss is None and not by_id_token and announces_iss_parameter(provider.discovery):
        raise IssParameterMissing(expected=shown(provider.issuer), received="absent")
    if error := answer.get("error"):
        raise refused_by_provider(error, answer, expected=provider.response_type)
    if not answer.get(provider.response_type):
        raise AnswerIncomplete(
            expected=provider.response_type, received=shown(", ".join(sorted(answer)) or "nothing")
        )


def _complete(
    request: HttpRequest, sign_in: SignIn, completion: Completion, claims: dict[str, Any]
) -> HttpResponse:
    """Find the person, do to the browser what the attempt was for, and write the trace: all of it or nothing."""
    attempt, provider = sign_in.attempt, sign_in.provider
    request.session = _as_stored(request.session)
    with transaction.atomic(), events_in_one_insert():
        sign_in.enter("person")
        if provider.trial_ends_at:
            # A roll-back holds the provider before it takes rights from people; so does this, or they meet.
            Provider.objects.select_for_update().filter(pk=provider.pk).values_list("pk").first()
        by = Actor("provider", provider.slug, attempt.address)
        user = completion.person(sign_in=sign_in, claims=claims, by=by)
        sign_in.enter("session")
        completion.succeed(request, sign_in, user)
        if request.session.modified:
            request.session.save()  # with the rest or not at all; there is nothing left to save afterwards
        finish_attempt(sign_in=sign_in, by=Actor.of(request), user=user)
    # Each tab goes where it wanted to go.
    return completion.mark_browser(request, HttpResponseRedirect(attempt.next_url or "/"), sign_in)


def _as_stored(session: "SessionBase") -> "SessionBase":
    """Return the browser's session as it is stored now: other tabs may have written while a provider was slow."""
    return type(session)(session.session_key)
