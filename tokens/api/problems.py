"""
Errors of the REST API as problem details (RFC 9457), and the trace of a refusal.

The table from domain errors to statuses is here and nowhere else.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import Error as DatabaseFault
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.limits import source_of
from tokens import errors
from tokens.audiences import WRITE
from tokens.errors import InvalidRequest, InvalidToken
from tokens.models import TokenRecord, TokenRefusal
from tokens.refusals.services import STRANGER, Refused, keep_refusal, plausible_name, presentable

_FIELD = re.compile(r"[a-z_]{1,40}\Z")
log = structlog.get_logger("tokens.api")


def keep(request: Request, error: Exception, answer: Response) -> str:
    """Write down what `answer` refuses, and return its reference, "" for none."""
    code = str(answer.data["code"])
    by, record = _caller(request, error)
    refused = Refused(
        door=TokenRefusal.Door.API,
        endpoint=_endpoint(request),
        status=answer.status_code,
        code=code,
        answered=code,
        expected=presentable(getattr(error, "expected", "")),
        received=_received(request, error, answer),
        client_id=by.name if by.kind == "bot" else "",
        token=_bearer(request) if isinstance(error, InvalidToken) else None,
        bot_id=record.bot_id if record else None,
        credential_id=record.credential_id if record else None,
    )
    return keep_refusal(refused=refused, by=by, source=source_of(request))


def _caller(request: Request, error: Exception) -> tuple[Actor, TokenRecord | None]:
    address = request.META.get("REMOTE_ADDR") or None
    stranger = Actor(STRANGER, "", address)
    if isinstance(error, InvalidToken | InvalidRequest):  # asking who it is would authenticate once more
        return stranger, None
    try:
        # Where the request was refused before anybody asked who sends it, this is the first time.
        if isinstance(request.auth, TokenRecord):
            return Actor.bot(request.auth.bot.name, address), request.auth
        return (Actor.of(request) if request.user.is_authenticated else stranger), None
    except (DomainError, exceptions.APIException):
        return stranger, None


def _endpoint(request: Request) -> str:
    """The method and the path with its parameters unnamed: whoever is wrong may have put a token there."""
    match = request.resolver_match
    route = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", match.route) if match else ""
    return f"{request.method} /{route}"


def _received(request: Request, error: Exception, answer: Response) -> str:
    if isinstance(error, DomainError):
        return presentable(error.received or error.message)
    if isinstance(error, exceptions.NotFound) or answer.status_code == 404:
        named = {name: plausible_name(str(value)) for name, value in _named(request).items()}
        told = ", ".join(f"{name} {value or '(not a name)'}" for name, value in named.items())
        return presentable(told) or "nothing of that name"
    if "errors" in answer.data:
        return presentable(_fields(answer.data["errors"]))
    return presentable(answer.data["detail"])


def _named(request: Request) -> dict[str, object]:
    return dict(request.resolver_match.kwargs) if request.resolver_match else {}


def _fields(errors: object) -> str:
    """The names of the fields that are wrong, as far as they are names of fields."""
    if not isinstance(errors, dict):
        return "a body of another shape"
    names = [name if _FIELD.match(name) else "(another name)" for name in map(str, errors)]
    return ", ".join(names[:20])


def _bearer(request: Request) -> str:
    return str(request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2].strip())


# The most specific class decides; a domain error that is not here is a request that makes no sense.
STATUSES: dict[type[DomainError], int] = {
    DomainError: 400,
    errors.InvalidToken: 401,
    errors.InsufficientScope: 403,
    errors.BotUnknown: 404,
    errors.KeyUnknown: 404,
    errors.TokenUnknown: 404,
    errors.BotNameTaken: 409,
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
        reference = keep(request, exc, answer)
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
