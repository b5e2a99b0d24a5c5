"""
The limits of a request, and the answer to one that failed because the database is away.

A URL is short, and every body is read to its end or refused, whatever the view: none is cut off, of unknown length, or
too large. Django takes a body without `Content-Length` for an empty one, one that broke off for a whole one, and bounds
neither uploaded files nor what a parser reads from the stream. A form that was cut off could take a fence away. And the
paths of Django's admin are matched by a pattern whose cost grows with the square of the length, and what is searched
for there becomes a pattern of the database's.

While the database is away every view answers 503 and when to come back. That is done by Django's handler of failures
and not by a middleware: what a middleware inside another one raises has become an answer by the time the outer one sees
it.
"""

import sys
from collections.abc import Callable
from io import BytesIO

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from ssoconsole.platform.http.doors import answer_in_form, no_such_resource, too_large
from ssoconsole.platform.logs import shown_path

WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "TRACE")
JSON = "application/json"
# Characters; the longest that means something names an audience of 255.
LONGEST_PATH = 1_000
# Of some providers the code is a JWT.
LONGEST_QUERY = 16_384
log = structlog.get_logger("database")

RETRY_AFTER = 5  # seconds
OUR_FAULT = "The console has failed; nothing was wrong with the request."
SENTENCE = "The database does not answer. Please try again in a moment."


class BoundsMiddleware:
    """
    Answer 414 to a path or a query of more than LONGEST_PATH and LONGEST_QUERY characters.

    Answer 404 to a path with a NUL: no name has one, and PostgreSQL fails at looking for it as if it were away.

    Answer 413 to a body of more than DATA_UPLOAD_MAX_MEMORY_SIZE bytes, 400 to one that is not as long as it says,
    and 411 to one of unknown length (RFC 9112 section 6.3).

    A chunked body that is JSON is read, as JSON cannot end too early unnoticed. A form can: the server that stands in
    front of us does not tell the end of a chunked body from a connection that broke.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        if len(request.path_info) > LONGEST_PATH or len(meta.get("QUERY_STRING", "")) > LONGEST_QUERY:
            return answer_in_form(
                request.path, status=414, code="url_too_long", detail="The URL is too long."
            )
        if "\0" in request.path_info:
            return no_such_resource(request)
        length = meta.get("CONTENT_LENGTH") or ""
        coding = meta.get("HTTP_TRANSFER_ENCODING", "").strip().lower()
        is_number = length.isascii() and length.isdecimal() and len(length) <= 18
        if length and (coding or not is_number):
            return _malformed(request, "The length of the body is not clear.")
        if coding:
            return _read_chunked(request, coding) or self.get_response(request)
        expected = int(length or 0)
        if expected > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return too_large(request.path)
        if expected and request.method not in WITHOUT_BODY:
            try:
                whole = len(request.body) == expected
            except UnreadablePostError:
                whole = False
            if not whole:
                return _malformed(request, "The body broke off.")
        return self.get_response(request)


def _read_chunked(request: HttpRequest, coding: str) -> HttpResponse | None:
    """Read the body in the stead of Django, which goes by the length alone."""
    body = b""
    if coding == "chunked" and request.content_type == JSON and request.method not in WITHOUT_BODY:
        try:
            body = request.META["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        except OSError:
            return _malformed(request, "The body broke off.")
    if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return too_large(request.path)
    if not body:
        detail = "Send a Content-Length: only JSON is taken in chunks, and not an empty body."
        return answer_in_form(request.path, status=411, code="length_required", detail=detail)
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)  # where `request.body` reads
    return None


def _malformed(request: HttpRequest, detail: str) -> HttpResponse:
    return answer_in_form(request.path, status=400, code="malformed_request", detail=detail)


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
