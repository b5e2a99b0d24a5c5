"""
The cookie that binds an attempt to the browser that started it (against login CSRF, RFC 6749 section 10.12).

One cookie serves all tabs of a browser; the rows hold only its hash. It is no session: an anonymous visit
makes none.
"""

import hashlib
import hmac
import re
import secrets

from django.http import HttpRequest, HttpResponse

from providers.signin.cookies import read_cookie, set_cookie

NAME = "signin"
LIFETIME = 15 * 60  # seconds; longer than an attempt lives
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def browser_binding(request: HttpRequest) -> str:
    """Return this browser's value, or a new one of 32 random bytes."""
    value = read_cookie(request, NAME)
    return value if _WELL_FORMED.match(value) else secrets.token_urlsafe(32)


def set_binding(response: HttpResponse, value: str) -> None:
    """Send the cookie, for another quarter of an hour."""
    set_cookie(response, NAME, value, lifetime=LIFETIME)


def hash_of(value: str) -> str:
    """Return the hex SHA-256 that a row keeps of a state or a binding."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def is_bound(request: HttpRequest, binding_hash: str) -> bool:
    """Tell whether this browser started the attempt with that hash; without a cookie it did not."""
    value = read_cookie(request, NAME)
    return bool(value and binding_hash) and hmac.compare_digest(hash_of(value), binding_hash)
