"""GET and POST /token-doctor: paste a token or a reference, read what is wrong."""

import json
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ssoconsole.console.doctor.explanation import explain
from ssoconsole.platform.examination import first_failure, is_valid
from tokens.api.permissions import is_administrator


@sensitive_post_parameters("token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_doctor(request: HttpRequest) -> HttpResponse:
    """
    Explain the token in the form to an administrator; to everybody else there is no such page.

    The token is looked at and forgotten: it is not kept, logged, sent anywhere, or shown again.
    """
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not is_administrator(request.user):
        raise Http404
    if request.method != "POST":
        return render(request, "token_doctor.html")
    return examination(request, request.POST.get("token", ""))


def examination(request: HttpRequest, text: str) -> HttpResponse:
    """Return the page that explains a token or a reference; who asks administers the console."""
    # What a person selects with the mouse often has a line break at its end, which says nothing about the token.
    explanation = explain(text.strip(), user=request.user)
    checks = explanation.checks
    context = {
        "kind": explanation.kind,
        "checks": checks,
        "valid": is_valid(checks),
        "failure": first_failure(checks),
        "header": _written(explanation.header),
        "claims": _written(explanation.claims),
        "links": explanation.links,
    }
    return render(request, "token_doctor.html", context)


def _written(members: dict[str, Any] | None) -> str:
    return json.dumps(members, indent=2, ensure_ascii=False) if members else ""
