"""
A request that failed because the database is away: 503 and when to come back, at every door.

It is Django's handler of failures and not a middleware: what a middleware inside another one raises has become
an answer by the time the outer one sees it.
"""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from ssoconsole.platform.http.doors import answer_in_form
from ssoconsole.platform.logs import shown_path

log = structlog.get_logger("database")

RETRY_AFTER = 5  # seconds
OUR_FAULT = "The console has failed; nothing was wrong with the request."
SENTENCE = "The database does not answer. Please try again in a moment."


def answer_failure(request: HttpRequest) -> HttpResponse:
    """Answer the exception that is being handled: 503 while the database is away, else 500."""
    failure = sys.exc_info()[1]
    if not isinstance(failure, OperationalError | InterfaceError):
        return answer_in_form(request.path, status=500, code="internal_error", detail=OUR_FAULT)
    log.error("database_unavailable", path=shown_path(request.path), error=type(failure).__name__)
    response = answer_in_form(request.path, status=503, code="temporarily_unavailable", detail=SENTENCE)
    response["Retry-After"] = str(RETRY_AFTER)
    # One line for each request while the database is away, and not the same sixty frames: Django's own mark.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
