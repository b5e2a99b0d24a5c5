"""Views that take nothing but POST, told apart, so that nobody is led to one by a link."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote

from django.http import HttpResponseBase
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_POST

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def only_post(view: View) -> View:
    """Make a view answer 405 to every method but POST, and say so to `has_page`. The outermost decorator but marks."""
    return mark_only_post(require_POST(view))


def mark_only_post(view: View) -> View:
    """Say of a view that it takes nothing but POST; decorators around it hand the mark on."""
    view.takes_only_post = True  # type: ignore[attr-defined]  # read by `has_page` alone
    return view


def has_page(path: str) -> bool:
    """Tell whether a browser may be led to a path of ours, which may have a query: False where only POST is taken."""
    try:
        view: Any = resolve(unquote(path.partition("?")[0].partition("#")[0])).func
    except Resolver404:
        return True  # the page that says so
    made_from = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if made_from is not None:
        return hasattr(made_from, "get") and "get" in made_from.http_method_names
    return not getattr(view, "takes_only_post", False)
