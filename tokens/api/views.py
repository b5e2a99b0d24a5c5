"""The base of the views about bots and tokens, and `Idempotency-Key` on requests that create something."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from ssoconsole.platform.rest_views import ResourceView, created, one
from tokens.api.authentication import actor_of
from tokens.repeats import do_once

__all__ = ["ConsoleView", "created", "one"]
Post = Callable[..., Response]

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=(
        "A name of your own for this request, 1 to 255 visible ASCII characters. The same request again within a day "
        "creates nothing: it answers 409 `already_done` with the `resource` that was created, and no secret a second "
        "time. The same name with another body is 422 `idempotency_key_reused`."
    ),
)


class ConsoleView(ResourceView):
    """
    One resource, with what `ConsoleAdministrator` may know of it.

    `owners_may_read` opens safe methods to people who own a bot, for what `visible_bots` lets them see;
    `only_reads` says that POST is safe too: it asks about something that belongs into no URL.
    """

    owners_may_read: ClassVar[bool] = False
    only_reads: ClassVar[bool] = False


def repeatable(post: Post) -> Post:
    """Make a view's `post`, whose answer names what it created in `Location`, one that may be sent again."""

    @wraps(post)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return post(view, request, *args, **kwargs)
        by = actor_of(request)
        return do_once(
            caller=f"{by.kind}:{by.name}",
            path=request.path,
            key=key,
            body=request.data,
            create=lambda: post(view, request, *args, **kwargs),
            resource_of=lambda response: str(response["Location"]),
        )

    return once
