"""
Whose answer is it? What names the attempt is the state alone, whichever way the answer comes.

By `response_mode=form_post` (OAuth 2.0 Form Post Response Mode) it comes in two legs. The provider's form is a
cross-site POST, and the browser keeps its cookies to itself. So the first leg touches no session: it keeps the form in
the attempt's row and shows a page that leads back here by a GET of our own origin, which comes with the cookies. A
redirect would not do for cookies that are SameSite=Strict, and old browsers differed.
"""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from providers.errors import (
    AnswerRefused,
    AttemptExpired,
    ProviderRefused,
    ProviderUnavailable,
    ResponseModeMismatch,
    SignInRefused,
    StateUnknown,
)
from providers.models import Provider, SignInAttempt
from providers.models.attempt import ATTEMPT_LIFETIME
from providers.rehearsal.registration import rehearsal_of, rehearsed_provider
from providers.signin.attempts import find_attempt, keep_posted_answer
from providers.signin.guard import place_of
from providers.signin.limits import count_sign_in
from providers.signin.redirects import lead_on
from providers.trial.services import settle
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.times import moment, told
from ssoconsole.platform.jose.verify import MAX_BYTES

UNAVAILABLE = ("server_error", "temporarily_unavailable")  # RFC 6749 section 4.1.2.1
PARAMETERS = ("state", "code", "id_token", "iss", "error", "error_description")
LONGEST_FORM = MAX_BYTES + 16 * 1024  # the ID token, and what comes beside it


def attempt_of(request: HttpRequest, answer: QueryDict) -> SignInAttempt:
    """Return the attempt that `answer` names, whoever brings it. Raises StateUnknown, AnswerRefused."""
    for name in PARAMETERS:
        if len(answer.getlist(name)) > 1:
            count_sign_in(request)
            raise AnswerRefused(expected=f"{name} once", received="several times")
    state = answer.get("state", "")
    attempt = find_attempt(state=state) if state else None
    if attempt is None:
        count_sign_in(request)  # the trace of a stray is a row
        if error := answer.get("error"):
            # Providers that refuse leave the state out, or do not know it. No attempt is touched: anybody can say this.
            slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
            # At the shared callback it alone names who refused.
            issuer = answer.get("iss", "").replace("\0", "")
            if slug or issuer:
                named = {"slug": slug} if slug else {"issuer": issuer}
                place_of(request).provider = Provider.objects.enabled().filter(**named).in_order().first()
            raise refused_by_provider(error, answer, expected="an answer with the state of a sign-in of ours")
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
    settle(attempt.provider)
    return attempt.provider


def check_age(attempt: SignInAttempt) -> None:
    now = timezone.now()
    if attempt.has_expired(at=now):
        started, ends = (
            int(at.timestamp()) for at in (attempt.started_at, attempt.started_at + ATTEMPT_LIFETIME)
        )
        received = f"started {told(started, int(now.timestamp()))}"
        raise AttemptExpired(expected=f"an answer until {moment(ends)}", received=received)


def refused_by_provider(error: str, answer: QueryDict, *, expected: str) -> SignInRefused:
    """Return the outcome of an error response (RFC 6749 section 4.1.2.1)."""
    outcome = ProviderUnavailable if error in UNAVAILABLE else ProviderRefused
    description = answer.get("error_description", "")
    return outcome(expected=expected, received=shown(f"{error}: {description}" if description else error))


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
    check_age(attempt)
    length = sum(map(len, fields.values()))
    if length > LONGEST_FORM:
        raise AnswerRefused(expected=f"up to {LONGEST_FORM} characters", received=f"{length} characters")
