"""
A request that failed because the database is away: 503 and when to come back, at every door.

It is Django's handler of failures and not a middleware: what a middleware inside another one raises has become
an answer by the time the outer one sees it.
"""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

log = structlog.get_logger("database")

RETRY_AFTER = 5  # seconds
SENTENCE = "The database does not answer. Please try again in a moment."


def answer_failure(request: HttpRequest) -> HttpResponse:
    """Answer the exception that is being handled: 503 while the database is away, else 500."""
    failure = sys.exc_info()[1]
    if not isinstance(failure, OperationalError | InterfaceError):
        return server_error(request)
    log.error("database_unavailable", path=request.path, error=type(failure).__name__)
    response = _in_the_form_of(request.path)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    # One line for each request while the database is away, and not the same sixty frames: Django's own mark.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _in_the_form_of(path: str) -> HttpResponse:
    """Each door has its form: problem details (RFC 9457), RFC 6749's errors, and a page for people."""
    if path.startswith("/api/"):
        problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": SENTENCE}
        problem["code"] = "temporarily_unavailable"
        return JsonResponse(problem, status=503, content_type="application/problem+json")
    if path.startswith(("/oauth/", "/.well-known/")):
        body = {"error": "temporarily_unavailable", "error_description": SENTENCE}
        return JsonResponse(body, status=503)
    return HttpResponse(render_to_string("503.html"), status=503)
