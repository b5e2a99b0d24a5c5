"""The answer to a form that does not seem to come from a page of the console's own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


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
