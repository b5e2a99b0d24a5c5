"""
The callback of a sign-in, from top to bottom; what each step keeps out stands beside it.

1. Whose answer is it, and is this the browser that left? 2. It counts once. 3. Does it fit what was asked? 4. The code
is spent and the ID token proven, by the library with the console's own steps (`providers.signin.backend`). 5. Who that
is, his session and the trace are one transaction.

The state alone names the attempt. With `response_mode=form_post` (OAuth 2.0 Form Post Response Mode) the answer comes
in two legs. The provider's form is a cross-site POST, and the browser keeps its cookies to itself. So the first leg
touches no session: it keeps the form in the attempt's row and shows a page that leads back here by a GET of our own
origin, which comes with the cookies. A redirect would not do for cookies that are SameSite=Strict, and old browsers
differed.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from providers.errors import (
    AnswerIncomplete,
    AnswerRefused,
    AttemptExpired,
    BrowserMismatch,
    CallbackMismatch,
    IssParameterMismatch,
    IssParameterMissing,
    ProviderChanged,
    ProviderDisabled,
    ProviderRefused,
    ProviderUnavailable,
    ResponseModeMismatch,
    SignInRefused,
    StateUnknown,
    StateUsed,
)
from providers.models import Provider, SignInAttempt
from providers.models.attempt import ATTEMPT_LIFETIME
from providers.protocol.discovery import announces_iss_parameter
from providers.registration.rolling_back import roll_back_if_overdue
from providers.rehearsal.services import rehearsal_of, rehearsed_provider
from providers.sessions.services import console_session_of, set_console_session
from providers.signin.backend import ProviderBackend
from providers.signin.completion import Completion
from providers.signin.cookies import hash_of, is_bound, remember_sign_in
from providers.signin.guard import COMPLETIONS, count_sign_in, place_of, refuses_in_words
from providers.signin.redirects import lead_on
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import events_in_one_insert
from ssoconsole.platform.jose.claims import moment, told
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.verify import MAX_BYTES

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


UNAVAILABLE = ("server_error", "temporarily_unavailable")  # RFC 6749 section 4.1.2.1
PARAMETERS = ("state", "code", "id_token", "iss", "error", "error_description", "error_uri")
LONGEST_FORM = MAX_BYTES + 16 * 1024  # the ID token, and what comes beside it


def attempt_of(request: HttpRequest, answer: QueryDict) -> SignInAttempt:
    """Return the attempt that `answer` names, whoever brings it. Raises StateUnknown, AnswerRefused."""
    for name in PARAMETERS:
        if len(answer.getlist(name)) > 1:
            count_sign_in(request)
            raise AnswerRefused(expected=f"{name} once", received="several times")
    state = answer.get("state", "")
    # Finished ones too: those are used.
    attempts = SignInAttempt.objects.select_related("provider").order_by()
    attempt = next(iter(attempts.filter(state_hash=hash_of(state))), None) if state else None
    if attempt is None:
        count_sign_in(request)  # the trace of a stray is a row
        if words := words_of(answer):
            # Providers that refuse leave the state out, or do not know it. No attempt is touched: anybody can say this.
            slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
            # At the shared callback it alone names who refused.
            issuer = answer.get("iss", "").replace("\0", "")
            if slug or issuer:
                named = {"slug": slug} if slug else {"issuer": issuer}
                place_of(request).provider = Provider.objects.enabled().filter(**named).in_order().first()
            raise refused_by_provider(answer, words, expected="an answer with the state of a sign-in of ours")
        raise StateUnknown(expected="the state of a sign-in of ours", received="another" if state else "none")
    place_of(request).provider = attempt.provider
    return attempt


def provider_of(attempt: SignInAttempt) -> Provider:
    """
    Return what an attempt goes through, as it stands now.

    One with a state has a provider; rows without are traces of strays, which have no state. What is rehearsed is no
    reader of the registration that stands.
    """
    if attempt.purpose == SignInAttempt.Purpose.REHEARSAL:
        return rehearsed_provider(rehearsal_of(attempt))
    if attempt.provider is None:
        raise StateUnknown(expected="an attempt at a provider", received="none")
    roll_back_if_overdue(attempt.provider)
    return attempt.provider


def check_age(attempt: SignInAttempt, *, now: datetime) -> None:
    """Raise AttemptExpired if the answer comes too late."""
    ends = attempt.started_at + ATTEMPT_LIFETIME
    if ends <= now:
        received = f"started {told(int(attempt.started_at.timestamp()), int(now.timestamp()))}"
        raise AttemptExpired(expected=f"an answer until {moment(int(ends.timestamp()))}", received=received)


def words_of(answer: QueryDict) -> str:
    """
    Return what an error response says (RFC 6749 section 4.1.2.1); "" for an answer that is none.

    One that only describes an error, and brings nothing else, is one too.
    """
    error = answer.get("error", "")
    if not error and ("code" in answer or "id_token" in answer):
        return ""
    described = [*answer.get("error_description", "").split(), *answer.get("error_uri", "").split()]
    return ": ".join(filter(None, (error, " ".join(described))))


def refused_by_provider(answer: QueryDict, words: str, *, expected: str) -> SignInRefused:
    """Return the outcome of an error response that says these `words`."""
    outcome = ProviderUnavailable if answer.get("error") in UNAVAILABLE else ProviderRefused
    return outcome(expected=expected, received=shown(words))


def answers_by_form(provider: Provider) -> bool:
    """Tell whether this registration asks for the answer as a posted form."""
    implicit = provider.response_type == Provider.ResponseType.ID_TOKEN
    return implicit or (provider.extra_params or {}).get("response_mode") == "form_post"


def keep_form(request: HttpRequest) -> HttpResponse:
    """Keep the known fields of the form, once, and answer the page that leads to the second leg."""
    attempt = attempt_of(request, request.POST)
    fields = {name: request.POST[name] for name in PARAMETERS if name in request.POST}
    try:
        _check_form(attempt, fields)
        keep_posted_answer(attempt=attempt, answer=urlencode(fields))
    except AnswerRefused:
        count_sign_in(request)  # nothing here is known to come from this browser, so its trace is a stray's
        raise
    query = urlencode({"state": fields["state"], "leg": "2"})
    return lead_on(request, f"{request.path}?{query}", name=settings.BRAND_NAME)


def _check_form(attempt: SignInAttempt, fields: dict[str, str]) -> None:
    if not answers_by_form(provider_of(attempt)):
        raise ResponseModeMismatch(expected="a redirect", received="a posted form")
    check_age(attempt, now=timezone.now())
    length = sum(map(len, fields.values()))
    if length > LONGEST_FORM:
        raise AnswerRefused(expected=f"up to {LONGEST_FORM} characters", received=f"{length} characters")


def keep_posted_answer(*, attempt: SignInAttempt, answer: str) -> None:
    """
    Keep the form that a provider posted until the browser comes for it; once, or StateUsed.

    The state is what authorises this: only the provider and the browser have seen it.
    """
    attempt.posted_answer = answer
    waiting = SignInAttempt.objects.filter(pk=attempt.pk, consumed_at=None, posted_answer__isnull=True)
    sealed = attempt.posted_answer_envelope  # type: ignore[attr-defined]  # the field's own second name
    if not waiting.update(posted_answer=sealed):
        raise StateUsed(expected="one answer", received="a second one")


def consume_attempt(*, attempt: SignInAttempt) -> None:
    """
    Use the attempt up, before anything is spent on its answer; raises StateUsed for everyone but the first.

    Its secrets leave the row with that: from here on only `attempt` has them.
    """
    now, unused = timezone.now(), SignInAttempt.objects.filter(pk=attempt.pk, consumed_at=None)
    if not unused.update(consumed_at=now, nonce=None, code_verifier=None, posted_answer=None):
        raise StateUsed(expected="an attempt that is still open", received="one that has been answered")
    attempt.consumed_at = now


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
    completion = COMPLETIONS[attempt.purpose]
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
    check_age(attempt, now=timezone.now())
    if not provider.enabled:
        raise ProviderDisabled(expected="an enabled provider", received=provider.slug)
    if attempt.issuer != provider.issuer:
        raise ProviderChanged(expected=shown(attempt.issuer), received=shown(provider.issuer))
    sent_to = urlsplit(attempt.redirect_uri).path
    if request.path != sent_to:
        raise CallbackMismatch(expected=sent_to, received=shown(request.path))
    # Mix-up of providers (RFC 9207 section 2.4), found before the code is sent anywhere; error answers are checked
    # alike. An answer that is an ID token names its issuer in it, and providers leave the parameter out.
    iss, words = answer.get("iss"), words_of(answer)
    also = f", and the answer says {words}" if words else ""
    by_id_token = provider.response_type == Provider.ResponseType.ID_TOKEN and "id_token" in answer
    if iss is not None and iss != provider.issuer:
        raise IssParameterMismatch(expected=shown(provider.issuer), received=shown(f"{shown(iss)}{also}"))
    if iss is None and not by_id_token and announces_iss_parameter(provider.discovery):
        raise IssParameterMissing(expected=shown(provider.issuer), received=shown(f"absent{also}"))
    if words:
        raise refused_by_provider(answer, words, expected=provider.response_type)
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
    response = HttpResponseRedirect(attempt.next_url or "/")
    return remember_sign_in(request, response, provider.slug) if completion.marks_browser else response


def _as_stored(session: "SessionBase") -> "SessionBase":
    """Return the browser's session as it is stored now: other tabs may have written while a provider was slow."""
    return type(session)(session.session_key)
