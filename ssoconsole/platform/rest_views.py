"""What the views of the REST API have in common: who asks, one row, and lists by cursor."""

from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ssoconsole.platform.actors import Actor


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
