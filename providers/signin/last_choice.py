"""
Which provider this browser signed in through last: a cookie that holds a slug and nothing about a person.

It puts a provider first on the sign-in page and decides nothing; whoever writes it himself moves a link.
"""

from django.http import HttpRequest, HttpResponse

from providers.signin.cookies import read_cookie, set_cookie

NAME = "last-provider"
LIFETIME = 180 * 24 * 60 * 60  # seconds


def last_choice(request: HttpRequest) -> str:
    """Return what the cookie says, to be compared with the slugs that there are; "" without one."""
    return read_cookie(request, NAME)


def remember_choice(response: HttpResponse, slug: str) -> HttpResponse:
    """Let the browser remember that a sign-in through this provider has succeeded; return `response`."""
    set_cookie(response, NAME, slug, lifetime=LIFETIME)
    return response
