"""
What stands around every page of a sign-in: whatever is raised in it becomes a refusal with a trace, never a
500.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from providers.errors import InternalError, SignInRefused, TooManyAttempts
from providers.models import Provider
from providers.signin import limits
from providers.signin.attempts import new_reference
from providers.signin.cookies import stay_here
from providers.signin.failure import render_refusal
from providers.signin.purposes import completion_of
from providers.signin.traces import SignIn, finish_attempt, record_refusal
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.logs import place_of_fault

log = structlog.get_logger("signin")
View = Callable[..., HttpResponseBase]
RETRY_AFTER = 5  # seconds, when the fault is the provider's or ours


@dataclass
class Place:
    """
    What a refusal of this request would be about, as far as it is known: a provider, a way on, the sign-in that ends.

    Without a sign-in nobody's attempt is touched by a refusal.
    """

    provider: Provider | None = None
    next_url: str = ""
    sign_in: SignIn | None = None


def place_of(request: HttpRequest) -> Place:
    """Return what is known so far, for the flow to fill in."""
    place: Place | None = getattr(request, "sign_in_place", None)
    if place is None:
        place = request.sign_in_place = Place()  # type: ignore[attr-defined]  # read here alone
    return place


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
    place = place_of(request)
    sign_in = place.sign_in
    try:
        if sign_in and (answer := completion_of(sign_in.attempt).refused(request, sign_in, error)):
            return answer
        reference = _record(request, place, error)
    except Exception as failure:
        reference = new_reference()
        log.error("trace_not_written", reference=reference, outcome=error.code, **place_of_fault(failure))  # noqa: TRY400
        request.user = AnonymousUser()  # the page must not ask the database who this is
    page = render_refusal(
        request, error, reference=reference, provider=place.provider, next_url=place.next_url
    )
    return stay_here(page)


def _record(request: HttpRequest, place: Place, error: SignInRefused) -> str:
    by = Actor("stranger", "", request.META.get("REMOTE_ADDR") or None)
    if place.sign_in is not None:
        finish_attempt(sign_in=place.sign_in, by=by, error=error)
        return place.sign_in.attempt.reference
    if isinstance(error, TooManyAttempts) and (known := limits.reference_of_flood(request)):
        return known
    attempt = record_refusal(
        error=error,
        by=by,
        user_agent=request.headers.get("User-Agent", ""),
        provider=place.provider,
        next_url=place.next_url,
    )
    if isinstance(error, TooManyAttempts):
        limits.keep_reference_of_flood(request, attempt.reference)
    return attempt.reference


def as_refusal(error: Exception) -> SignInRefused:
    """Return a refusal as it is, and for everything else the refusal that says that the fault is ours."""
    if isinstance(error, SignInRefused):
        return error
    log.error("sign_in_broke", **place_of_fault(error))
    return InternalError(expected="a sign-in without a fault of ours", received=type(error).__name__)
