"""What every resource of the REST API stands on, whichever app it belongs to.

What the views of the REST API have in common.

Lists by cursor: stable under writes, and never a COUNT.

JSON as every parser reads it.

The OpenAPI schema of the REST API: what every operation answers where it refuses.

Bodies that are taken to the letter.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any, ClassVar, TypeVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, force_instance
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.jose.strict_json import BYTE_ORDER_MARK, MalformedJson, loads

# Field and the types of JSON that it takes; the framework would take "5" for 5, 1 for true and 5 for "5".
JSON_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.CharField, (str,), "a text"),
    (serializers.DateTimeField, (str,), "a text"),
    (serializers.ChoiceField, (str,), "a text"),
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int,), "a whole number"),
)


class StrictSerializer(serializers.Serializer[Any]):
    """
    Refuses members that it does not know, and values of another type of JSON than theirs.

    A mistyped member must not be a silent no, and what the schema says is what is taken.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name: field for name, field in self.fields.items() if not field.read_only}
            wrong = {str(name): ["There is no such member here."] for name in data if name not in known}
            for name, field in known.items():
                if sentence := _not_to_the_letter(field, data.get(name)):
                    wrong[name] = [sentence]
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


def _not_to_the_letter(field: Any, value: Any) -> str:
    """Tell in a sentence what is wrong with the type or the length of a value; "" where nothing is."""
    if value is None:
        return ""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return next(filter(None, (_not_to_the_letter(field.child, each) for each in value)), "")
    if isinstance(field, serializers.DictField) and isinstance(value, Mapping):
        return next(filter(None, (_not_to_the_letter(field.child, each) for each in value.values())), "")
    for kind, types, called in JSON_TYPES:
        # True is an int of Python's, and no number of JSON's.
        if isinstance(field, kind) and (
            not isinstance(value, types) or isinstance(value, bool) != (bool in types)
        ):
            return f"This must be {called}."
    if isinstance(field, serializers.CharField) and field.max_length and len(value) > field.max_length:
        return f"This has more than {field.max_length} characters."  # before blanks around it are taken away
    return ""


class ByCursor(CursorPagination):
    """`{"next", "previous", "results"}`; `page_size` up to 200, 50 by default."""

    page_size: int = 50
    max_page_size: int = 200
    page_size_query_param: str = "page_size"
    ordering: str | list[str] | tuple[str, ...] = "pk"

    def get_page_size(self, request: Request) -> int | None:
        """Raises ValidationError for what is no number from 1 to `max_page_size`."""
        given = request.query_params.get(self.page_size_query_param)
        if given is None:
            return self.page_size
        if not (
            given.isascii() and given.isdecimal() and len(given) < 9 and 1 <= int(given) <= self.max_page_size
        ):
            raise ValidationError({"page_size": [f"This must be a number from 1 to {self.max_page_size}."]})
        return int(given)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size}
        return parameters

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self.ordering = view.ordering
        page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        # Links are built on our own address, never on the Host that a request claims.
        self.base_url = settings.BASE_URL + request.get_full_path()
        return page


M = TypeVar("M", bound=models.Model)


class ResourceView(GenericAPIView[Any]):
    """
    One resource; answers are never kept by caches, because some hold secrets.

    Who may call, and how errors are answered, is the settings' default for every resource.
    """

    pagination_class: type[ByCursor] | None = ByCursor
    ordering: ClassVar[str | tuple[str, ...]] = "pk"

    def body(self, request: Request, serializer: type[BaseSerializer[Any]] | None = None) -> dict[str, Any]:
        """Return the checked body. Raises the framework's ValidationError."""
        checked = (serializer or self.get_serializer_class())(data=request.data)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def shown(self, row: models.Model) -> Any:
        return self.get_serializer(row).data

    def listed(self, rows: "models.QuerySet[Any]") -> Response:
        """Answer one page of rows."""
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


def caller(request: Request) -> Actor:
    """Who does what this request asks for: what came with a token is a bot, never somebody's account."""
    if request.auth is not None:
        return Actor.bot(request.user.get_username(), request.META.get("REMOTE_ADDR") or None)
    return Actor.of(request._request)


def one(rows: "models.QuerySet[M]", **lookup: Any) -> M:
    """Return the row among those the caller may see; raises NotFound."""
    found = rows.filter(**lookup).first()
    if found is None:
        raise NotFound
    return found


def created(body: Any, name: str, /, **arguments: Any) -> Response:
    """Answer 201 with what was created, and where it is: the path called `name`."""
    return Response(
        body, status=status.HTTP_201_CREATED, headers={"Location": reverse(name, kwargs=arguments)}
    )


class StrictJSONParser(JSONParser):
    """
    Refuses what parsers read differently, what nests too deep for one, and names that no database keeps.

    The framework's own would fall over deep nesting, and take the last of two members of one name.
    """

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the value of a body in UTF-8. Raises ParseError."""
        try:
            value = loads(stream.read().removeprefix(BYTE_ORDER_MARK))
        except MalformedJson as malformed:
            raise ParseError(f"This is no JSON that the console reads: {malformed}.") from None
        if _names_nul(value):
            raise ParseError("This is no JSON that the console reads: a name holds a NUL character.")
        return value


def _names_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\0" in name for name in value) or any(map(_names_nul, value.values()))
    return isinstance(value, list) and any(map(_names_nul, value))


MEDIA_TYPE = "application/problem+json"
EVERY_OPERATION = (400, 401, 403, 404, 406, 503)
WRITING = (409, 411, 413, 415, 429)
REPEATABLE = (422,)

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; for programs."},
        "expected": {"type": "string"},
        "received": {"type": "string"},
        "errors": {"type": "object", "description": "What is wrong, by the name of the field."},
        "resource": {
            "type": "string",
            "description": "The path of what was created before (`already_done`).",
        },
        "instance": {"type": "string", "description": "The trace of the refusal, for administrators."},
    },
}
HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "RFC 6750 section 3."}},
    503: {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}},
}


class ProblemSchema(AutoSchema):
    """
    Adds the problems that an operation can answer to the success that its view tells.

    They follow from the method alone: every operation asks who calls and what he accepts, and what changes something
    has a body that may be wrong, too large or in conflict with what there is.
    """

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(force_instance(serializer), StrictSerializer):  # type: ignore[no-untyped-call]
            schema["additionalProperties"] = False
        return schema

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        problem = ResolvedComponent(  # type: ignore[no-untyped-call]  # the library is not annotated here
            "Problem", ResolvedComponent.SCHEMA, PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(problem)
        statuses = [*EVERY_OPERATION, *(WRITING if self.method != "GET" else ())]
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        statuses += REPEATABLE if "Idempotency-Key" in names else ()
        for number in sorted(statuses):
            answer = {
                "description": HTTPStatus(number).phrase,
                "content": {MEDIA_TYPE: {"schema": problem.ref}},
            }
            if number in HEADERS:
                answer["headers"] = HEADERS[number]
            operation["responses"].setdefault(str(number), answer)
        return operation
