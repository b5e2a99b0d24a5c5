"""What kind of request is this: a person who opens a page, a form, or a script? (Fetch Metadata Request Headers)"""

from django.conf import settings
from django.http import HttpRequest

# What must work for everybody at any time, or is part of signing in and out itself: checking it would go in circles.
EXEMPT = ("callback", "signin", "signout", "signed-out", "backchannel-logout", "healthz", "readyz", "metrics")
EXEMPT_TREES = ("/.well-known/", "/oauth/", "/providers/")


def is_exempt(request: HttpRequest) -> bool:
    """Tell whether a session is not checked at this path."""
    path = request.path
    first = path.lstrip("/").partition("/")[0]
    return first in EXEMPT or path.startswith((*EXEMPT_TREES, str(settings.STATIC_URL)))


def is_navigation(request: HttpRequest) -> bool:
    """
    Tell whether the answer becomes the page in the window, and asking for it again changes nothing.

    Browsers say so; where one does not, whoever wants HTML is taken for a window.
    """
    if request.method not in ("GET", "HEAD"):
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is None:
        return wants_page(request)
    return mode == "navigate" and request.headers.get("Sec-Fetch-Dest", "document") == "document"


def wants_page(request: HttpRequest) -> bool:
    """Tell whether a person will read the answer."""
    return "text/html" in request.headers.get("Accept", "")


def comes_from_here(request: HttpRequest) -> bool:
    """
    Tell whether a page of ours has led here, by a link or by a form.

    It may be the redirect after a form, and then `form-action 'self'` forbids to be redirected to another origin.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return request.headers.get("Referer", "").startswith(f"{settings.BASE_URL}/")
