"""Lists by cursor: stable under writes, and never a COUNT."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


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
