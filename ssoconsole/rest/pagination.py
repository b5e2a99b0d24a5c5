"""Lists by cursor: stable under writes, and never a COUNT."""

from typing import Any

from django.conf import settings
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class ByCursor(CursorPagination):
    """`{"next", "previous", "results"}`; `page_size` up to 200, 50 by default."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: str | list[str] | tuple[str, ...] = "pk"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self.ordering = view.ordering
        page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        # Links are built on our own address, never on the Host that a request claims.
        self.base_url = settings.BASE_URL + request.get_full_path()
        return page
