"""Errors of the REST API as problem details (RFC 9457); the one table from domain errors to statuses."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import Error as DatabaseFault
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ssoconsole.platform.errors import DomainError
from tokens import errors
from tokens.api import traces
from tokens.audiences.console import WRITE

log = structlog.get_logger("tokens.api")

# The most specific class decides; a domain error that is not here is a request that makes no sense.
STATUSES: dict[type[DomainError], int] = {
    DomainError: 400,
    errors.InvalidToken: 401,
    errors.InsufficientScope: 403,
    errors.BotUnknown: 404,
    errors.KeyUnknown: 404,
    errors.TokenUnknown: 404,
    errors.NameTaken: 409,
    errors.BotDisabled: 409,
    errors.AudienceTaken: 409,
    errors.IdentifierImmutable: 409,
    errors.ProfileInUse: 409,
    errors.AudienceDisabled: 409,
    errors.SecretInUse: 409,
    errors.KeyTaken: 409,
    errors.TooManyTokens: 429,
    errors.AlreadyDone: 409,
    errors.IdempotencyKeyReused: 422,
    errors.NoSigningKey: 503,
}


def problem_details(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """
    Answer an exception as `application/problem+json`, None for what is our own fault. Never raises.

    Members: type, title, status, detail, a stable `code`; `expected` and `received` where known, `errors` by
    field for bodies of the wrong shape; `instance`, the address of the trace, which opens for administrators alone.
    """
    set_rollback()
    answer, request = _answer(exc), context.get("request")
    if answer is None or request is None or isinstance(exc, DatabaseFault):
        return answer
    try:
        reference = traces.keep(request, exc, answer)
    except Exception as failure:  # the answer is a refusal all the same
        log.error("trace_not_written", error=type(failure).__name__, code=answer.data["code"])  # noqa: TRY400
        return answer
    if reference:
        answer.data["instance"] = f"{settings.BASE_URL}/refusals/{reference}"
    return answer


def _answer(exc: Exception) -> Response | None:
    if isinstance(exc, DomainError):
        return _domain(exc)
    if isinstance(exc, ValidationError):
        return _problem(400, "invalid", "The request has invalid fields.", errors=_by_field(exc))
    if isinstance(exc, exceptions.ValidationError):
        return _problem(400, "invalid", "The request has invalid fields.", errors=exc.detail)
    if isinstance(exc, DatabaseFault):
        detail = "The database does not answer. Please try again in a moment."
        return _problem(503, "temporarily_unavailable", detail, headers={"Retry-After": "5"})
    # Django's own two, which the framework knows under other names.
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    return _rest(exc) if isinstance(exc, exceptions.APIException) else None


def _domain(exc: DomainError) -> Response:
    status = next(STATUSES[kind] for kind in type(exc).__mro__ if kind in STATUSES)
    headers = {}
    if isinstance(exc, errors.InvalidToken):
        headers["WWW-Authenticate"] = 'Bearer realm="console", error="invalid_token"'
    if isinstance(exc, errors.InvalidRequest):
        headers["WWW-Authenticate"] = 'Bearer realm="console", error="invalid_request"'
    if isinstance(exc, errors.InsufficientScope):
        scope = exc.expected or WRITE
        headers["WWW-Authenticate"] = f'Bearer realm="console", error="insufficient_scope", scope="{scope}"'
    if status == 503:
        headers["Retry-After"] = "5"
    named = ("expected", "received", "resource")
    more: dict[str, Any] = {name: value for name in named if (value := getattr(exc, name, ""))}
    if by_field := getattr(exc, "problems", None):
        more["errors"] = by_field
    return _problem(status, exc.code, exc.message, headers=headers, **more)


def _rest(exc: exceptions.APIException) -> Response:
    auth_header = getattr(exc, "auth_header", None)
    headers = {"WWW-Authenticate": auth_header} if auth_header else {}
    codes = exc.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    return _problem(exc.status_code, code, str(exc.detail), headers=headers)


def _by_field(exc: ValidationError) -> dict[str, list[str]]:
    return exc.message_dict if hasattr(exc, "error_dict") else {"non_field_errors": exc.messages}


def _problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, **more}
    return Response(
        body,
        status=status,
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
