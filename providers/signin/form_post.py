"""
Answers by `response_mode=form_post` (OAuth 2.0 Form Post Response Mode), in two legs.

The provider's form is a cross-site POST, and the browser keeps its cookies to itself. So the first leg
touches no session: it keeps the form in the attempt's row and shows a page that leads back here by a GET of
our own origin, which comes with the cookies. A redirect would not do for cookies that are SameSite=Strict,
and old browsers differed.
"""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from providers.errors import AnswerRefused, ResponseModeMismatch
from providers.models import Provider, SignInAttempt
from providers.signin.answers import attempt_of, check_age, provider_of
from providers.signin.attempts import keep_posted_answer
from providers.signin.hop import lead_on
from providers.signin.limits import count_sign_in
from ssoconsole.jose.parse import MAX_BYTES

FIELDS = ("state", "code", "id_token", "iss", "error", "error_description")
LONGEST = MAX_BYTES + 16 * 1024  # the ID token, and what comes beside it


def answers_by_form(provider: Provider) -> bool:
    """Tell whether this registration asks for the answer as a posted form."""
    implicit = provider.response_type == Provider.ResponseType.ID_TOKEN
    return implicit or (provider.extra_params or {}).get("response_mode") == "form_post"


def keep(request: HttpRequest) -> HttpResponse:
    """Keep the known fields of the form, once, and answer the page that leads to the second leg."""
    attempt = attempt_of(request, request.POST)
    try:
        _check_form(request, attempt)
        keep_posted_answer(attempt=attempt, answer=urlencode(_fields(request)))
    except AnswerRefused:
        count_sign_in(request)  # nothing here is known to come from this browser, so its trace is a stray's
        raise
    query = urlencode({"state": request.POST["state"], "leg": "2"})
    return lead_on(request, f"{request.path}?{query}", name="SSO Console")


def _check_form(request: HttpRequest, attempt: SignInAttempt) -> None:
    if not answers_by_form(provider_of(attempt)):
        raise ResponseModeMismatch(expected="a redirect", received="a posted form")
    check_age(attempt)
    length = sum(map(len, _fields(request).values()))
    if length > LONGEST:
        raise AnswerRefused(expected=f"up to {LONGEST} characters", received=f"{length} characters")


def _fields(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST[name] for name in FIELDS if name in request.POST}
