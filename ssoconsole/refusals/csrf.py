"""The answer to a form that does not seem to come from a page of the console's own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403; the reason is for administrators."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
