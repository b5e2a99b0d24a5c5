"""
What stands around every page of a sign-in: whatever is raised in it becomes a refusal with a trace, never a
500.
"""

import functools
from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from providers.errors import InternalError, ProviderRefused, SignInRefused, TooManyAttempts
from providers.signin import limits
from providers.signin.attempts import finish_attempt, record_refusal
from providers.signin.failure import render_refusal
from providers.signin.faults import where
from providers.signin.next_url import with_next
from providers.signin.progress import place_of, sign_in_of
from providers.signin.purposes import ending_of
from providers.signin.references import new_reference
from providers.signin.straight_through import chooser_url, pause
from ssoconsole.actors import Actor

log = structlog.get_logger("signin")
View = Callable[..., HttpResponseBase]
RETRY_AFTER = 5  # seconds, when the fault is the provider's or ours


def refuses_in_words(view: View) -> View:
    """Decorate a view function: refusals become pages, and no answer is kept or told to other sites."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Exception as error:
            response = refuse(request, as_refusal(error))
        response.headers["Cache-Control"] = "no-store"
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", str(RETRY_AFTER))
        return response

    return guarded


def refuse(request: HttpRequest, error: SignInRefused) -> HttpResponse:
    """Write the trace and answer; when not even that works, the page and the log still share a reference."""
    provider, next_url = place_of(request)
    sign_in = sign_in_of(request)
    try:
        if sign_in and (answer := ending_of(sign_in.attempt).refused(request, sign_in, error)):
            return answer
        reference = _record(request, error)
    except Exception as failure:
        reference = new_reference()
        log.error("trace_not_written", reference=reference, outcome=error.code, **where(failure))  # noqa: TRY400
        request.user = AnonymousUser()  # the page must not ask the database who this is
    again = provider if isinstance(error, ProviderRefused) else None
    retry_url = with_next(f"/signin/{again.slug}", next_url) if again else chooser_url(next_url)
    return pause(render_refusal(request, error, reference=reference, retry_url=retry_url, again=again))


def _record(request: HttpRequest, error: SignInRefused) -> str:
    sign_in = sign_in_of(request)
    by = Actor("stranger", "", request.META.get("REMOTE_ADDR") or None)
    if sign_in is not None:
        finish_attempt(sign_in=sign_in, by=by, error=error)
        return sign_in.attempt.reference
    if isinstance(error, TooManyAttempts) and (known := limits.reference_of_flood(request)):
        return known
    provider, next_url = place_of(request)
    agent = request.headers.get("User-Agent", "")
    attempt = record_refusal(error=error, by=by, user_agent=agent, provider=provider, next_url=next_url)
    if isinstance(error, TooManyAttempts):
        limits.keep_reference_of_flood(request, attempt.reference)
    return attempt.reference


def as_refusal(error: Exception) -> SignInRefused:
    """Return a refusal as it is, and for everything else the refusal that says that the fault is ours."""
    if isinstance(error, SignInRefused):
        return error
    log.error("sign_in_broke", **where(error))
    return InternalError(expected="a sign-in without a fault of ours", received=type(error).__name__)
