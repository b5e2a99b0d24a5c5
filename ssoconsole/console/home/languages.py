"""POST /language: the language that a person chooses in the foot of a page."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt

from providers.signin.redirects import local_target
from ssoconsole.platform.http.methods import only_post


@only_post
@csrf_exempt  # or every stranger at the sign-in page got a cookie for a form that gives nothing away
@login_not_required
def choose_language(request: HttpRequest) -> HttpResponse:
    """
    Keep the language in a cookie and lead back to the page; one that there is none of changes nothing.

    A form of another site is refused where the browser says what it is (Fetch Metadata). Where it says nothing, the
    worst that such a form does is a page in another language.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return HttpResponseForbidden("Not from another site.", content_type="text/plain")
    response = HttpResponseRedirect(local_target(request.headers.get("Referer")) or "/")
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
