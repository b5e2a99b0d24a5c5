"""
The answer where a request does not reach its view, in the form that belongs to its path.

Views that take nothing but POST are marked, so that no link leads to one.

A `Content-Type` that Django cannot take counts as an unknown one. Django reads it while it makes the request, before
any middleware: an extended parameter in an unknown charset, or a query in a charset such as `hex`, which Python knows
and which is none of text, would be a fault of the server that no line of the log tells of. What is sent to the
console is UTF-8, or a text that reads the same.
"""

import codecs
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.http import parse_header_parameters
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = structlog.get_logger("requests")
LONGEST_HOST = 255
API = "/api/"
# Endpoints for programs that speak RFC 6749 section 5.2.
OAUTH = ("/oauth/", "/.well-known/", "/backchannel-logout/")
View = TypeVar("View", bound=Callable[..., HttpResponseBase])

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# What nobody knows (RFC 9110 section 8.3).
UNKNOWN = "application/octet-stream"
# As Python names them. What is no name of any codec is not used by Django either.
CHARSETS = ("utf-8", "ascii", "iso8859-1")


def answer_in_form(path: str, *, status: int, code: str, detail: str, page: str = "") -> HttpResponse:
    """
    Answer problem details (RFC 9457) below /api/, RFC 6749's errors to OAuth clients, else the page for people.

    `code` is stable snake_case. `detail` is one sentence without anything of the request. The `page` is the template
    that is named after the status, if no other is named; it asks neither database nor session.
    """
    response: HttpResponse
    if path == "/api" or path.startswith(API):
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        }
        response = JsonResponse(
            problem | {"code": code}, status=status, content_type="application/problem+json"
        )
    elif path.startswith(OAUTH):
        error = code if status >= 500 else "invalid_request"
        response = JsonResponse({"error": error, "error_description": detail}, status=status)
        response["Pragma"] = "no-cache"
    else:
        response = HttpResponse(render_to_string(page or f"{status}.html"), status=status)
    response["Cache-Control"] = "no-store"
    return response


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what could not be read; Django's handler of 400."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request.path)
    if isinstance(exception, DisallowedHost):
        return _another_host(request)
    detail = "The request was malformed or meant for another address."
    return answer_in_form(request.path, status=400, code="malformed_request", detail=detail)


def _another_host(request: HttpRequest) -> HttpResponse:
    """People have opened the console under a name that is not its own; what that is stands in the log alone."""
    log.warning(
        "host_refused",
        asked=request.META.get("HTTP_HOST", "")[:LONGEST_HOST],
        base_url=settings.BASE_URL,
        remedy="open the console at BASE_URL, or set BASE_URL to the address that people use; a proxy in front must "
        "pass the Host header on",
    )
    detail = "The console is not called by this name."
    return answer_in_form(
        request.path, status=400, code="malformed_request", detail=detail, page="400_host.html"
    )


def too_large(path: str) -> HttpResponse:
    return answer_in_form(
        path, status=413, code="body_too_large", detail="The body of the request is too large."
    )


@csrf_exempt  # nothing is done here, by whatever method
def no_such_resource(request: HttpRequest) -> HttpResponse:
    """Answer 404 at a path that is none: every one of the API, also while DEBUG would show Django's own page."""
    return answer_in_form(request.path, status=404, code="not_found", detail="There is no such resource.")


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


def reading_content_types(application: Application) -> Application:
    """Wrap Django's WSGI application: no request has a `Content-Type` that it fails at."""

    def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        given = environ.get("CONTENT_TYPE")
        if given and not is_readable(given):
            environ["CONTENT_TYPE"] = UNKNOWN
        return application(environ, start_response)

    return answering


def is_readable(content_type: str) -> bool:
    """Tell whether Django can read this header, and the query and the form of a request that has it."""
    try:
        _, parameters = parse_header_parameters(content_type)
    except ValueError:
        return False
    try:
        return codecs.lookup(parameters.get("charset", "utf-8")).name in CHARSETS
    except LookupError:
        return True
