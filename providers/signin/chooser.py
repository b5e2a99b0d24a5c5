"""/signin: which provider? And third-party-initiated login (OpenID Connect Core 1.0 section 4)."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from providers.errors import AnswerRefused, ProviderUnknown
from providers.models import Provider
from providers.protocol.admission import domain_of, normal_domains
from providers.protocol.mapping import LONGEST_EMAIL
from providers.registration.rolling_back import roll_back_overdue
from providers.signin.cookies import goes_straight_through, last_choice
from providers.signin.guard import count_sign_in, refuses_in_words
from providers.signin.leaving import signin_start
from providers.signin.redirects import lead_on_instead, local_target, with_next

SEEN_AT_A_GLANCE = 12  # providers; among more one is found by typing
_SHOWN = ("slug", "name", "icon", "allowed_email_domains")  # the fields of a choice, in their order
NOBODY_KNOWS_IT = gettext_noop(
    "No sign-in provider is registered for that address. Choose where your account is:"
)
SEVERAL_KNOW_IT = gettext_noop(
    "More than one sign-in provider is registered for that address. Choose one of them:"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One enabled provider; `domains` are the e-mail domains that it admits, none where it does not ask."""

    slug: str
    name: str
    icon: str
    domains: Sequence[str]


def enabled_choices(*, last: str) -> list[Choice]:
    """Return the enabled providers in order, the one that is `last` before the others; one query."""
    rows = Provider.objects.in_order().only(*_SHOWN, "enabled", "trial_ends_at", "trial_baseline")
    choices = [Choice(*(getattr(row, name) for name in _SHOWN)) for row in rows if row.enabled]
    return sorted(choices, key=lambda choice: choice.slug != last)


def enabled_slug_of_issuer(issuer: str) -> str | None:
    """Return the slug of the first enabled provider with exactly this issuer; None where there is none."""
    roll_back_overdue(at=timezone.now())
    named = Provider.objects.enabled().in_order().filter(issuer=issuer)
    return named.values_list("slug", flat=True).first()


def choices_for_address(choices: Sequence[Choice], address: str) -> list[Choice]:
    """
    Return the choices that list exactly the domain of `address`, in whichever spelling of it (RFC 5891).

    An address that two readers could read differently points nowhere. Where it points is a convenience:
    whether its owner may enter is decided when he comes back.
    """
    domain = domain_of(address)
    if domain is None:
        return []
    return [choice for choice in choices if domain in normal_domains(choice.domains)]


@csrf_exempt  # a portal's form has no token of ours; the one with an address is checked where it is taken
@require_http_methods(["GET", "HEAD", "POST"])
@refuses_in_words
def signin(request: HttpRequest) -> HttpResponse:
    """
    Show a plain link for each enabled provider, or go on to the one whose issuer another site has named, whose
    domain a posted address has, or which is the only one (SIGN_IN_STRAIGHT_THROUGH).
    """
    asked = _form_of(request) if request.method == "POST" else request.GET
    if "iss" in asked:
        return _start_at_issuer(request, asked)
    if request.method == "POST":
        answer: HttpResponse = _start_by_address(request)
        return answer
    choices = enabled_choices(last=last_choice(request))
    next_url = local_target(asked.get("next"))
    if goes_straight_through(request, providers=len(choices)):
        return HttpResponseRedirect(_start_of(choices[0].slug, next_url))
    return _page(request, choices, next_url, ask_address=any(choice.domains for choice in choices))


@csrf_protect
def _start_by_address(request: HttpRequest) -> HttpResponse:
    """Leave for the one provider that knows the domain of the address; let the person choose otherwise."""
    address = request.POST.get("email", "")
    next_url = local_target(request.POST.get("next"))
    choices = enabled_choices(last=last_choice(request))
    meant = choices_for_address(choices, address)
    if len(meant) == 1:
        return _leave(request, meant[0], next_url, hint=address)
    if meant:
        return _page(request, meant, next_url, reason=gettext(SEVERAL_KNOW_IT))
    shown = address if len(address) <= LONGEST_EMAIL else ""
    return _page(request, choices, next_url, reason=gettext(NOBODY_KNOWS_IT), ask_address=True, address=shown)


def _leave(request: HttpRequest, choice: Choice, next_url: str, *, hint: str) -> HttpResponse:
    """
    Leave as /signin/<slug> does, by a page that leads on, without the address in any URL of ours.

    A redirect would not do: with `form-action 'self'` a browser blocks a form whose answer leads to another
    origin.
    """
    leaving = copy.copy(request)
    leaving.method = "GET"
    query = {name: value for name, value in {"next": next_url, "login_hint": hint}.items() if value}
    leaving.GET = QueryDict(urlencode(query))
    answer = cast(HttpResponse, signin_start(leaving, slug=choice.slug))
    if "Location" not in answer.headers:
        return answer
    return lead_on_instead(request, answer, name=choice.name)


def _page(
    request: HttpRequest,
    choices: Sequence[Choice],
    next_url: str,
    *,
    reason: str = "",
    ask_address: bool = False,
    address: str = "",
) -> HttpResponse:
    """Answer the sign-in page; nothing about a provider is fetched for it."""
    last = last_choice(request)
    links = [
        {
            "name": choice.name,
            "icon": choice.icon,
            "url": _start_of(choice.slug, next_url),
            "used_last": choice.slug == last,
        }
        for choice in choices
    ]
    context = {
        "providers": links,
        "are_many": len(links) > SEEN_AT_A_GLANCE,
        "next": next_url,
        "reason": reason,
        "ask_address": ask_address,
        "address": address,
    }
    response = render(request, "signin.html", context)
    # From a page without referrers a browser posts a form with `Origin: null`, which proves no origin.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _start_of(slug: str, next_url: str, **more: str) -> str:
    return with_next(reverse("signin_start", args=[slug]), next_url, **more)


def _form_of(request: HttpRequest) -> QueryDict:
    """Return the posted form; raises AnswerRefused for what is none, or too large a one."""
    try:
        return request.POST
    except (BadRequest, SuspiciousOperation, MultiPartParserError, OSError):
        count_sign_in(request)  # the refusal is a row
        raise AnswerRefused(expected="a form of reasonable size", received="something else") from None


def _start_at_issuer(request: HttpRequest, asked: QueryDict) -> HttpResponse:
    """
    Start at the registered provider with exactly this issuer; what is not registered is never contacted.

    Where two registrations share an issuer, the first in order is meant: a person can still choose the other.
    A redirect to our own page, also for a posted form: that one comes without this browser's cookies, and a
    new binding would break the sign-ins of its other tabs.
    """
    issuer = str(asked["iss"])
    slug = enabled_slug_of_issuer(issuer) if issuer.isprintable() else None
    if slug is None:
        count_sign_in(request)  # the refusal is a row
        raise ProviderUnknown(expected="the issuer of an enabled provider", received=issuer[:500])
    target = local_target(asked.get("target_link_uri"))
    return HttpResponseRedirect(_start_of(slug, target, login_hint=asked.get("login_hint", "")))
