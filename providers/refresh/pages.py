"""What is answered in the place of a page or a result that a session without an answer may not have."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from providers.models import ConsoleSession
from providers.sessions.navigation import wants_page
from providers.signin.redirects import local_target

RETRY_AFTER = 5  # seconds


def sign_in_needed(request: HttpRequest, session: ConsoleSession) -> HttpResponse:
    """Refuse what cannot be led over the provider, a form or a script's request: 401, and nothing was done."""
    signin = reverse("signin_start", args=[session.provider.slug])
    if wants_page(request):
        response = _page(request, 401, "login_required", local_target(request.headers.get("Referer")))
    else:
        response = JsonResponse({"error": "login_required", "signin": signin}, status=401)
    response.headers["WWW-Authenticate"] = 'Session realm="console"'  # RFC 9110 section 15.5.2 wants one
    return _not_kept(response)


def not_now(request: HttpRequest) -> HttpResponse:
    """Refuse for a moment: somebody else is asking the provider, and has no answer yet."""
    if wants_page(request):
        again = (
            request.get_full_path() if request.method in ("GET", "HEAD") else request.headers.get("Referer")
        )
        response = _page(request, 503, "temporarily_unavailable", local_target(again))
    else:
        response = JsonResponse({"error": "temporarily_unavailable"}, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return _not_kept(response)


def _page(request: HttpRequest, status: int, error: str, again: str) -> HttpResponse:
    context = {
        "error": error,
        "again": again or "/",
        "nothing_was_done": request.method not in ("GET", "HEAD"),
    }
    return render(request, "session_unconfirmed.html", context, status=status)


def _not_kept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
