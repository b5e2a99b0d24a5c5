"""
The cookie that binds an attempt to the browser that started it (against login CSRF, RFC 6749 section 10.12).

One cookie serves all tabs of a browser; the rows hold only its hash. It is no session: an anonymous visit
makes none.
"""

import hashlib
import hmac
import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

LIFETIME = 15 * 60  # seconds; longer than an attempt lives
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def _is_secure() -> bool:
    return str(settings.BASE_URL).startswith("https://")


def cookie_name() -> str:
    """
    The name; over https with the prefix that keeps sibling domains from setting it (RFC 6265bis section
    4.1.3).
    """
    return "__Host-signin" if _is_secure() else "signin"


def browser_binding(request: HttpRequest) -> str:
    """Return this browser's value, or a new one of 32 random bytes."""
    value = request.COOKIES.get(cookie_name(), "")
    return value if _WELL_FORMED.match(value) else secrets.token_urlsafe(32)


def set_binding(response: HttpResponse, value: str) -> None:
    """Send the cookie, for another quarter of an hour."""
    response.set_cookie(
        cookie_name(), value, max_age=LIFETIME, secure=_is_secure(), httponly=True, samesite="Lax", path="/"
    )


def hash_of(value: str) -> str:
    """Return the hex SHA-256 that a row keeps of a state or a binding."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def is_bound(request: HttpRequest, binding_hash: str) -> bool:
    """Tell whether this browser started the attempt with that hash; without a cookie it did not."""
    value = request.COOKIES.get(cookie_name(), "")
    return bool(value and binding_hash) and hmac.compare_digest(hash_of(value), binding_hash)
