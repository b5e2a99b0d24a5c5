"""`Idempotency-Key` on the requests that create something."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from tokens.api.authentication import actor_of
from tokens.repeats.services import do_once

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
