"""
GET /refusals/<reference>: from the reference of a refusal, whatever its kind, to its explanation.

The number of words in a reference says where to look. Also here is the answer to a form that does not seem to come from
a page of the console's own.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from providers.models import SignInAttempt
from providers.signin.attempts import REFERENCE_WORDS as WORDS_OF_SIGN_INS
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.references import normalize_reference
from tokens.models import TokenRefusal
from tokens.refusals.services import WORDS as WORDS_OF_REFUSALS

KINDS: dict[int, type[models.Model]] = {
    WORDS_OF_SIGN_INS: SignInAttempt,
    WORDS_OF_REFUSALS: TokenRefusal,
}


@dataclass(frozen=True)
class Found:
    """The trace of a reference, and where it is explained."""

    trace: Any
    url: str


def may_look_up(user: Any) -> bool:
    """Tell whether this person may see traces of any kind."""
    return isinstance(user, User) and user.is_staff and any(_may_see(user, kind) for kind in KINDS.values())


def find_refusal(text: str, *, user: Any) -> Found | None:
    """Return the trace of a reference in any spelling, if there is one that `user` may see; None sees everything."""
    reference = normalize_reference(text[:200])
    kind = KINDS.get(len(reference.split("-")))
    if kind is None or not (user is None or (user.is_staff and _may_see(user, kind))):
        return None
    trace = kind._default_manager.filter(reference=reference).first()
    if trace is None:
        return None
    name = f"admin:{kind._meta.app_label}_{kind._meta.model_name}_change"
    return Found(trace, reverse(name, args=[trace.pk]))


def _may_see(user: Any, kind: type[models.Model]) -> bool:
    return bool(user.has_perm(f"{kind._meta.app_label}.view_{kind._meta.model_name}"))


@never_cache
@require_safe
def refusal(request: HttpRequest, reference: str) -> HttpResponse:
    """Lead an administrator on to the explanation; to everybody else there is no such page."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not may_look_up(request.user):
        raise Http404
    found = find_refusal(reference, user=request.user)
    if found is None:
        raise Http404
    return HttpResponseRedirect(found.url)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """
    Answer 403; the reason is for administrators.

    Who wanted to sign out is told that nothing has ended, with a button that ends it: a sign-in in another tab has made
    the button of this one old.
    """
    stays = request.path == reverse("signout") and request.user.is_authenticated
    response = render(request, "403_csrf.html", {"reason": reason, "stays_signed_in": stays}, status=403)
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("refusals/<str:reference>", refusal, name="refusal"),
]
