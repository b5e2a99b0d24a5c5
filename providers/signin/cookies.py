"""Cookies of the pages before a sign-in: for this host alone, out of reach of scripts, and no session."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def _is_secure() -> bool:
    return str(settings.BASE_URL).startswith("https://")


def full_name(name: str) -> str:
    """
    Return the name on the wire; over https with the prefix that keeps sibling domains from setting it
    (RFC 6265bis section 4.1.3).
    """
    return f"__Host-{name}" if _is_secure() else name


def read_cookie(request: HttpRequest, name: str) -> str:
    """Return the value, or "" where there is none; anybody may have written it."""
    return request.COOKIES.get(full_name(name), "")


def set_cookie(response: HttpResponse, name: str, value: str, *, lifetime: int) -> None:
    """Send the cookie for `lifetime` seconds from now."""
    response.set_cookie(
        full_name(name),
        value,
        max_age=lifetime,
        secure=_is_secure(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(response: HttpResponse, name: str) -> None:
    """Take the cookie back."""
    set_cookie(response, name, "", lifetime=0)
