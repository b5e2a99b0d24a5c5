"""
What stands around every page of a sign-in: whatever is raised in it becomes a refusal with a trace, never a 500.

Three things are said once, here. Which page a refused person sees for an outcome: a status, a title and advice that
depend on its class alone and reveal nothing of what was expected or received; the reference on the page opens the trace
for an administrator, and `docs/outcomes.md` explains each code to him. Which completion an attempt's purpose has: the
purpose is written on the attempt when the browser leaves (`leaving.leave`); a new one is a subclass of `Completion`
beside its flow and a line in `COMPLETIONS`. How many sign-ins one address may start: each start, and each answer that
fits no start, is a row.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from providers import errors
from providers.account.connect_completion import ConnectCompletion
from providers.models import Provider, SignInAttempt
from providers.refresh.completion import CheckCompletion
from providers.rehearsal.completion import RehearsalCompletion
from providers.signin.attempts import new_reference
from providers.signin.completion import Completion
from providers.signin.cookies import stay_here
from providers.signin.redirects import chooser_url, with_next
from providers.signin.traces import SignIn, finish_attempt, record_refusal
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.limits import WINDOW, count_try, in_this_minute
from ssoconsole.platform.logs import place_of_fault

log = structlog.get_logger("signin")
Purpose = SignInAttempt.Purpose

COMPLETIONS: dict[str, Completion] = {
    Purpose.SIGN_IN: Completion(),
    Purpose.REFRESH: CheckCompletion(),
    Purpose.LINK: ConnectCompletion(),
    Purpose.REHEARSAL: RehearsalCompletion(),
}

AGAIN = "Please start again from the sign-in page."
LATER = "This is not your fault. Please try again in a few minutes."
TELL = "please tell your administrator the three words below."

View = Callable[..., HttpResponseBase]
RETRY_AFTER = 5  # seconds, when the fault is the provider's or ours


def count_sign_in(request: HttpRequest) -> None:
    """
    Count one more; raises TooManyAttempts past SIGN_INS_PER_MINUTE.

    Without a cache nothing is counted: the limit keeps the table small, it guards no secret.
    """
    try:
        count = count_try(in_this_minute("sign-ins", request))
    except Exception as error:  # noqa: BLE001, RUF100 - every cache has errors of its own; none may stop a sign-in
        log.warning("sign_ins_not_counted", error=type(error).__name__)
        return
    if count > settings.SIGN_INS_PER_MINUTE:
        raise errors.TooManyAttempts(
            expected=f"up to {settings.SIGN_INS_PER_MINUTE} in a minute",
            received=f"{count} from this address",
        )


def reference_of_flood(request: HttpRequest) -> str | None:
    """Return the reference under which this minute's flood from this address is on record already."""
    try:
        found = cache.get(_flood(request))
    except Exception:  # noqa: BLE001, RUF100 - see above
        return None
    return found if isinstance(found, str) else None


def keep_reference_of_flood(request: HttpRequest, reference: str) -> None:
    """Let the rest of this minute's flood share one row and one reference."""
    try:
        cache.set(_flood(request), reference, timeout=WINDOW)
    except Exception as error:  # noqa: BLE001, RUF100 - see above
        log.warning("flood_not_remembered", error=type(error).__name__)


def _flood(request: HttpRequest) -> str:
    return f"{in_this_minute('sign-ins', request)}:reference"


@dataclass(frozen=True)
class Page:
    """What one outcome looks like from outside."""

    status: int
    title: str
    advice: str


_STALE = Page(400, "This sign-in cannot be continued", f"It may have been finished in another tab. {AGAIN}")
_LATE = Page(400, "This sign-in took too long", f"A sign-in must be finished within ten minutes. {AGAIN}")
_ELSEWHERE = Page(
    400,
    "This sign-in began in another browser",
    "Sign in with one browser from beginning to end, and let it keep cookies. " + AGAIN,
)
_MIXED_UP = Page(400, "The answer did not fit the question", f"{AGAIN} If it happens again, {TELL}")
_CANNOT_TRUST = Page(400, "We could not verify the answer", f"{AGAIN} If it happens again, {TELL}")
_PROVIDER_SAYS_NO = Page(
    403,
    "The sign-in was not completed",
    f"It was cancelled at your sign-in provider, or the provider did not let you in. {AGAIN}",
)
_PROVIDER_BROKEN = Page(502, "The sign-in provider gave no usable answer", f"{LATER} If it goes on, {TELL}")
_PROVIDER_DOWN = Page(503, "The sign-in provider does not answer", f"{LATER} Other providers still work.")
_PROVIDER_OFF = Page(
    403, "This way to sign in is not available", "Please choose another one on the sign-in page."
)
_NOT_YOU = Page(
    403,
    "You cannot sign in here",
    f"You were recognised, but this console does not let you in. If you need to, {TELL}",
)
_NOT_ENOUGH = Page(
    403,
    "A stronger sign-in is needed",
    "Sign in again, and confirm it with your second factor or whatever else your sign-in provider offers. If it goes "
    f"on, {TELL}",
)
_NOT_FREE = Page(
    403,
    "This account belongs to somebody else here",
    f"It was not connected, and you are signed in as before. If it is yours, {TELL}",
)
_NOT_YOURS = Page(
    403,
    "This rehearsal is somebody else's",
    "Only the administrator who began it can finish it. You are signed in as before.",
)
_OURS = Page(503, "Something went wrong on our side", f"{LATER} If it goes on, {TELL}")
_SIGNED_OUT = Page(403, "You are not signed in any more", AGAIN)

# The most specific class decides; an outcome that nobody thought of looks like a broken sign-in, never like a good one.
PAGES: dict[type[DomainError], Page] = {
    DomainError: _CANNOT_TRUST,
    errors.InternalError: _OURS,
    errors.TooManyAttempts: Page(
        429, "Too many sign-ins from your network", "Please wait a minute, then try again."
    ),
    # the answer does not belong to an attempt of this browser
    errors.AnswerRefused: _MIXED_UP,
    errors.StateUnknown: _STALE,
    errors.StateUsed: _STALE,
    errors.BrowserMismatch: _ELSEWHERE,
    errors.AttemptExpired: _LATE,
    errors.ProviderChanged: _STALE,
    errors.RehearsalMismatch: _NOT_YOURS,
    # the provider is at fault, or says no
    errors.ProviderFault: _PROVIDER_BROKEN,
    errors.ProviderRefused: _PROVIDER_SAYS_NO,
    errors.ProviderUnreachable: _PROVIDER_DOWN,
    errors.ProviderUnavailable: _PROVIDER_DOWN,
    errors.ClientCredentialsUnusable: _OURS,
    errors.RefreshRefused: _PROVIDER_SAYS_NO,
    errors.ProviderDisabled: _PROVIDER_OFF,
    errors.ProviderUnknown: _PROVIDER_OFF,
    # the ID token, and who may enter
    errors.InsufficientAuthentication: _NOT_ENOUGH,
    errors.Denied: _NOT_YOU,
    errors.SessionEnded: _SIGNED_OUT,
    errors.IdentityTaken: _NOT_FREE,
}


def page_of(outcome: type[DomainError]) -> Page:
    """Return the page of an outcome."""
    return next(PAGES[kind] for kind in outcome.__mro__ if kind in PAGES)


def render_refusal(
    request: HttpRequest,
    error: DomainError,
    *,
    reference: str,
    provider: Provider | None = None,
    next_url: str = "",
) -> HttpResponse:
    """
    Answer a refused sign-in; `<main>` names the outcome and the reference for scripts.

    Where `provider` itself said no, it may be tried once more. What is tried again leads to `next_url` in the end.
    """
    page, chooser = page_of(type(error)), chooser_url(next_url)
    again = provider if isinstance(error, errors.ProviderRefused) else None
    context = {
        "outcome": error.code,
        "reference": reference,
        "title": gettext(page.title),
        "advice": gettext(page.advice),
        "again": again,
        "retry_url": with_next(f"/signin/{again.slug}", next_url) if again else chooser,
        "chooser_url": chooser,
        "others_url": chooser if again else "/signin?choose=1",
    }
    response = render(request, "signin_refused.html", context, status=page.status)
    if request.user.is_authenticated:
        # The page has the form that signs out: without a referrer its `Origin` would be null, and be refused.
        response.headers["Referrer-Policy"] = "same-origin"
    return response


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


def refuse(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Write the trace and answer; when not even that works, the page and the log still share a reference."""
    place = place_of(request)
    sign_in = place.sign_in
    try:
        if sign_in and (answer := COMPLETIONS[sign_in.attempt.purpose].refused(request, sign_in, error)):
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


def _record(request: HttpRequest, place: Place, error: DomainError) -> str:
    by = Actor("stranger", "", request.META.get("REMOTE_ADDR") or None)
    if place.sign_in is not None:
        finish_attempt(sign_in=place.sign_in, by=by, error=error)
        return place.sign_in.attempt.reference
    if isinstance(error, errors.TooManyAttempts) and (known := reference_of_flood(request)):
        return known
    attempt = record_refusal(
        error=error,
        by=by,
        user_agent=request.headers.get("User-Agent", ""),
        provider=place.provider,
        next_url=place.next_url,
    )
    if isinstance(error, errors.TooManyAttempts):
        keep_reference_of_flood(request, attempt.reference)
    return attempt.reference


def as_refusal(error: Exception) -> DomainError:
    """Return a refusal as it is, and for everything else the refusal that says that the fault is ours."""
    if isinstance(error, errors.REFUSALS):
        return error
    log.error("sign_in_broke", **place_of_fault(error))
    return errors.InternalError(expected="a sign-in without a fault of ours", received=type(error).__name__)
