"""
Leaving for the only provider without showing the sign-in page, where SIGN_IN_STRAIGHT_THROUGH is on.

A provider that still knows the person sends her back at once. So after a sign-out and after a refusal the page
is shown for a while: otherwise she would be signed in again before she has seen that she was out, or refused
again before she has read why.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from providers.signin.cookies import drop_cookie, read_cookie, set_cookie
from providers.signin.next_url import with_next

NAME = "stay-here"
PAUSE = 10 * 60  # seconds


def goes_straight_through(request: HttpRequest, *, providers: int) -> bool:
    """
    Tell whether this visit to the sign-in page leaves it at once: one provider, and nobody asked to choose.
    """
    if not settings.SIGN_IN_STRAIGHT_THROUGH or providers != 1:
        return False
    return "choose" not in request.GET and not read_cookie(request, NAME)


def chooser_url(next_url: str = "") -> str:
    """Return the sign-in page's address that shows the page, also to a browser that keeps no cookies."""
    return with_next("/signin", next_url, choose="1" if settings.SIGN_IN_STRAIGHT_THROUGH else "")


def pause(response: HttpResponse) -> HttpResponse:
    """Let this browser see the sign-in page for the next ten minutes; return `response`."""
    if settings.SIGN_IN_STRAIGHT_THROUGH:
        set_cookie(response, NAME, "1", lifetime=PAUSE)
    return response


def resume(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Forget the pause once a sign-in has succeeded; return `response`."""
    if read_cookie(request, NAME):
        drop_cookie(response, NAME)
    return response
