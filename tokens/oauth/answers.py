"""What the OAuth endpoints answer; the one table from domain errors to RFC 6749 section 5.2."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response

from ssoconsole.platform.errors import DomainError
from tokens import errors

RETRY_AFTER = 5  # seconds, when the database is away


class Keep(Protocol):
    """Writes a refusal down; the reference, or "" for none."""

    def __call__(self, *, status: int, answered: str) -> str: ...


REALM = "bots"

# The most specific class decides. What is not here is a fault of ours, not of the request.
ANSWERS: dict[type[DomainError], tuple[int, str]] = {
    errors.InvalidRequest: (400, "invalid_request"),
    errors.RequestTooLarge: (413, "invalid_request"),
    errors.UnsupportedGrantType: (400, "unsupported_grant_type"),
    errors.InvalidClient: (401, "invalid_client"),
    errors.UnauthorizedClient: (400, "unauthorized_client"),
    errors.BotDisabled: (401, "invalid_client"),
    errors.AudienceRefused: (400, "invalid_target"),
    errors.UnknownScope: (400, "invalid_scope"),
    errors.InvalidToken: (401, "invalid_token"),
    # RFC 6749 has no code for it; the status is what a client goes by.
    errors.TooManyTokens: (429, "too_many_tokens"),
    errors.NoSigningKey: (503, "temporarily_unavailable"),
}

# RFC 6749 section 5.2: what an error_description may not hold.
_NOT_DESCRIBABLE = re.compile(r"[^ !#-\[\]-~]")


def success(document: Mapping[str, Any]) -> HttpResponse:
    """A JSON answer that nobody keeps (RFC 6749 section 5.1)."""
    return _uncached(JsonResponse(document))


def at_once(body: bytes) -> HttpResponse:
    """A body that is JSON already, or empty, as the answer that nobody keeps."""
    return _uncached(HttpResponse(body, content_type=content_type_of(body)))


def content_type_of(body: bytes) -> str:
    return "application/json" if body else "text/html; charset=utf-8"


def empty_success() -> HttpResponse:
    """What RFC 7009 section 2.2 answers, whatever became of the token."""
    return _uncached(HttpResponse(status=200))


def refusal(error: DomainError, *, keep: Keep | None = None) -> HttpResponse:
    """
    Answer a domain error in the form of RFC 6749 section 5.2; raises it again if it has no answer.

    `keep` writes it down, and its reference becomes `error_uri`, which opens for administrators alone.
    """
    for kind in type(error).__mro__:
        if kind in ANSWERS:
            status, code = ANSWERS[kind]
            reference = keep(status=status, answered=code) if keep else ""
            return _refusal(status, code, error, reference)
    raise error


def unavailable() -> HttpResponse:
    """The database does not answer: a client must assume that nothing has changed (RFC 7009 2.2.1)."""
    body = {"error": "temporarily_unavailable", "error_description": "Please try again in a moment."}
    response = _uncached(JsonResponse(body, status=503))
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def not_allowed(*methods: str) -> HttpResponse:
    """405, with the methods there are."""
    body = {"error": "invalid_request", "error_description": f"This endpoint takes {' and '.join(methods)}."}
    response = _uncached(JsonResponse(body, status=405))
    response["Allow"] = ", ".join(methods)
    return response


def public_document(request: HttpRequest, document: Mapping[str, Any]) -> HttpResponse:
    """A document for everybody, kept for five minutes, readable by pages of any origin; 304 to whoever has it."""
    return public_answer(request, JsonResponse(document), max_age=300)


def public_answer(request: HttpRequest, response: HttpResponse, *, max_age: int) -> HttpResponse:
    """Let everybody keep an answer for so many seconds, and ask by its ETag (RFC 9110 section 8.8.3) afterwards."""
    response["Cache-Control"] = f"public, max-age={max_age}"
    response["Access-Control-Allow-Origin"] = "*"
    response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _refusal(status: int, code: str, error: DomainError, reference: str) -> HttpResponse:
    body = {"error": code, "error_description": _NOT_DESCRIBABLE.sub("'", error.message)}
    if reference:
        body["error_uri"] = f"{settings.BASE_URL}/refusals/{reference}"
    response = _uncached(JsonResponse(body, status=status))
    if isinstance(error, errors.InvalidToken):
        response["WWW-Authenticate"] = f'Bearer realm="{REALM}", error="{code}"'
    elif status == 401:
        response["WWW-Authenticate"] = f'Basic realm="{REALM}", charset="UTF-8"'
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER)
    if isinstance(error, errors.InvalidClient) and error.retry_after:
        response["Retry-After"] = str(error.retry_after)
    return response


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response
