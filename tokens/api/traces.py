"""What the trace of a refusal of the REST API is made of."""

import re

from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.limits import source_of
from tokens.errors import InvalidRequest, InvalidToken
from tokens.models import TokenRecord, TokenRefusal
from tokens.refusals.presentable import plausible_name, presentable
from tokens.refusals.services import STRANGER, Refused, keep_refusal

_FIELD = re.compile(r"[a-z_]{1,40}\Z")


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
