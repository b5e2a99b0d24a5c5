"""
The language of the pages that people see: what the person chose, or what the browser asks for.

The administration, the API, the endpoints for programs, events, traces and logs are English whatever a request asks
for. Nothing is asked of the database for it.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

PASSWORD_DOOR = "/admin/login/"  # noqa: S105 - a path
IN_ENGLISH = (
    *("/admin/", "/api/", "/token-doctor"),  # whose readers administer
    *("/oauth/", "/.well-known/", "/backchannel-logout/"),
    *("/static/", "/brand/"),
)


class LanguageMiddleware:
    """
    Speak the person's language on people's pages, and let no cache hand a page on to who reads another.

    It stands outermost, so that the pages of what goes wrong further in are in this language too. The thread speaks
    English again afterwards: what it serves next may be a program's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path.startswith(IN_ENGLISH) and path != PASSWORD_DOOR:
            return self.get_response(request)
        language = translation.get_language_from_request(request)
        with translation.override(language):
            response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers["Content-Language"] = language
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response
