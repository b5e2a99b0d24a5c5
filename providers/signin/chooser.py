"""GET /signin: which provider? And third-party-initiated login (OpenID Connect Core 1.0 section 4)."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from providers.errors import ProviderUnknown
from providers.models import Provider
from providers.signin.guard import refuses_in_words
from providers.signin.limits import count_sign_in
from providers.signin.next_url import local_target, with_next


@require_safe
@refuses_in_words
def signin(request: HttpRequest) -> HttpResponse:
    """
    Show a plain link for each enabled provider, or go on to the one whose issuer another site has named.
    """
    if "iss" in request.GET:
        return _start_at_issuer(request)
    next_url = local_target(request.GET.get("next"))
    return render(request, "signin.html", {"providers": choices(next_url), "next": next_url})


def choices(next_url: str) -> list[dict[str, str]]:
    """The enabled providers in order, as links that carry `next_url`; one query, and nothing is fetched."""
    rows = Provider.objects.enabled().in_order().values("slug", "name", "icon")
    return [
        {
            "slug": row["slug"],
            "name": row["name"],
            "icon": row["icon"],
            "url": with_next(reverse("signin_start", args=[row["slug"]]), next_url),
        }
        for row in rows
    ]


def _start_at_issuer(request: HttpRequest) -> HttpResponse:
    """
    Start at the registered provider with exactly this issuer; what is not registered is never contacted.

    Where two registrations share an issuer, the first in order is meant: a person can still choose the other.
    """
    issuer = request.GET["iss"]
    slugs = Provider.objects.enabled().in_order().filter(issuer=issuer).values_list("slug", flat=True)
    slug = slugs.first() if issuer.isprintable() else None
    if slug is None:
        count_sign_in(request)  # the refusal is a row
        raise ProviderUnknown(expected="the issuer of an enabled provider", received=issuer[:500])
    target = local_target(request.GET.get("target_link_uri"))
    hint = request.GET.get("login_hint", "")
    return HttpResponseRedirect(with_next(reverse("signin_start", args=[slug]), target, login_hint=hint))
