"""What the views of the REST API have in common."""

from typing import Any, ClassVar, TypeVar

from django.db import models
from django.urls import reverse
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.rest.pagination import ByCursor

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
