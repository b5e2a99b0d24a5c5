"""
The language of the pages that people see: what the person chose in the foot of a page, or what the browser asks for.

The administration, the API, the endpoints for programs, events, traces and logs are English whatever a request asks
for. Nothing is asked of the database for it.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from providers.signin.redirects import local_target
from ssoconsole.platform.http.doors import only_post

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
        request.LANGUAGE_CODE = language  # pages that have one let it be chosen (_languages.html)
        with translation.override(language):
            response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers["Content-Language"] = language
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


@only_post
@csrf_exempt  # or every stranger at the sign-in page got a cookie for a form that gives nothing away
@login_not_required
def choose_language(request: HttpRequest) -> HttpResponse:
    """
    Keep the language in a cookie and lead back to the page; one that there is none of changes nothing.

    `next` is the way back from a page that cannot be asked for twice. A form of another site is refused where the
    browser says what it is (Fetch Metadata). Where it says nothing, the worst that such a form does is a page in
    another language.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return HttpResponseForbidden("Not from another site.", content_type="text/plain")
    back = request.POST.get("next") or request.headers.get("Referer")
    response = HttpResponseRedirect(local_target(back) or "/")
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    response.headers["Cache-Control"] = "no-store"
    return response
