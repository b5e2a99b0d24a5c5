"""
What must be certain of a provider's answer before any of it is used (RFC 6749 section 10.12, RFC 9207, RFC
9700).
"""

from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.utils import timezone

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
    SignInRefused,
    StateUnknown,
    StateUsed,
)
from providers.models import Provider, SignInAttempt
from providers.protocol.discovery import announces_iss_parameter
from providers.rehearsal.registration import rehearsal_of, rehearsed_provider
from providers.signin.attempts import consume_attempt, find_attempt
from providers.signin.binding import is_bound
from providers.signin.limits import count_sign_in
from providers.signin.progress import SignIn, set_place
from providers.trial.services import settle
from ssoconsole.jose.errors import shown

UNAVAILABLE = ("server_error", "temporarily_unavailable")  # RFC 6749 section 4.1.2.1
PARAMETERS = ("state", "code", "id_token", "iss", "error", "error_description")


def take_answer(request: HttpRequest) -> tuple[SignIn, QueryDict]:
    """
    Return the attempt that this browser started, used up from now on, and the answer to it.

    Raises StateUnknown, BrowserMismatch and StateUsed, none of which touches an attempt: a stranger who has
    seen a state can neither finish it nor spoil it.
    """
    attempt = attempt_of(request, request.GET)
    if not is_bound(request, attempt.binding_hash):
        count_sign_in(request)
        raise BrowserMismatch(expected="the browser that started this sign-in", received="another one")
    set_place(request, provider=attempt.provider, next_url=attempt.next_url)
    answer = QueryDict(attempt.posted_answer) if attempt.posted_answer else request.GET
    try:
        consume_attempt(attempt=attempt)
    except StateUsed:
        count_sign_in(request)
        raise
    return SignIn(attempt=attempt, provider=provider_of(attempt)), answer


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
            set_place(
                request, provider=Provider.objects.enabled().filter(slug=slug).first() if slug else None
            )
            raise refused_by_provider(error, answer, expected="an answer with the state of a sign-in of ours")
        raise StateUnknown(expected="the state of a sign-in of ours", received="another" if state else "none")
    set_place(request, provider=attempt.provider)
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


def check_answer(request: HttpRequest, sign_in: SignIn, answer: QueryDict) -> None:
    """
    Raise the outcome for the first thing that keeps the code or the ID token in `answer` from being used.
    """
    attempt, provider = sign_in.attempt, sign_in.provider
    check_age(attempt)
    if not provider.enabled:
        raise ProviderDisabled(expected="an enabled provider", received=provider.slug)
    if attempt.issuer != provider.issuer:
        raise ProviderChanged(expected=shown(attempt.issuer), received=shown(provider.issuer))
    sent_to = urlsplit(attempt.redirect_uri).path
    if request.path != sent_to:
        raise CallbackMismatch(expected=sent_to, received=shown(request.path))
    _check_iss(provider, answer)
    if error := answer.get("error"):
        raise refused_by_provider(error, answer, expected=provider.response_type)
    if not answer.get(provider.response_type):
        raise AnswerIncomplete(
            expected=provider.response_type, received=shown(", ".join(sorted(answer)) or "nothing")
        )


def refused_by_provider(error: str, answer: QueryDict, *, expected: str) -> SignInRefused:
    """Return the outcome of an error response (RFC 6749 section 4.1.2.1)."""
    outcome = ProviderUnavailable if error in UNAVAILABLE else ProviderRefused
    description = answer.get("error_description", "")
    return outcome(expected=expected, received=shown(f"{error}: {description}" if description else error))


def check_age(attempt: SignInAttempt) -> None:
    if attempt.has_expired(at=timezone.now()):
        raise AttemptExpired(expected="an answer in time", received=f"started {attempt.started_at:%H:%M:%S}")


def _check_iss(provider: Provider, answer: QueryDict) -> None:
    """
    Find a mix-up before the code is sent anywhere; error answers are checked alike (RFC 9207 section 2.4).

    An answer that is an ID token names its issuer in it, and providers leave the parameter out.
    """
    iss = answer.get("iss")
    by_id_token = provider.response_type == Provider.ResponseType.ID_TOKEN and "id_token" in answer
    if iss is not None and iss != provider.issuer:
        raise IssParameterMismatch(expected=shown(provider.issuer), received=shown(iss))
    if iss is None and not by_id_token and announces_iss_parameter(provider.discovery):
        raise IssParameterMissing(expected=shown(provider.issuer), received="absent")
