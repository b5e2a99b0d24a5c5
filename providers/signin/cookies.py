"""
Cookies of the pages before a sign-in: for this host alone, out of reach of scripts, and no session.

`signin` binds an attempt to the browser that started it (against login CSRF, RFC 6749 section 10.12): one cookie serves
all tabs of a browser, and the rows hold only its hash. `last-provider` puts a provider first on the sign-in page and
decides nothing; it holds a slug, and whoever writes it himself moves a link. `stay-here` lets a browser see the sign-in
page where SIGN_IN_STRAIGHT_THROUGH would leave it: a provider that still knows the person sends her back at once, so
that she would be signed in again before she has seen that she was out, or refused again before she has read why.
"""

import hashlib
import hmac
import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

BINDING, LAST_PROVIDER, STAY_HERE = "signin", "last-provider", "stay-here"
# In seconds. A binding lives longer than an attempt.
BINDING_LASTS, LAST_PROVIDER_LASTS, STAY_HERE_LASTS = 15 * 60, 180 * 24 * 60 * 60, 10 * 60
# Of the name on the wire, over https: it keeps sibling domains from setting the cookie (RFC 6265bis section 4.1.3).
HOST_PREFIX = "__Host-"
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def read_cookie(request: HttpRequest, name: str) -> str:
    """Return the value, or "" where there is none; anybody may have written it."""
    prefix = HOST_PREFIX if settings.BASE_URL.startswith("https://") else ""
    return request.COOKIES.get(f"{prefix}{name}", "")


def set_cookie(response: HttpResponse, name: str, value: str, *, lifetime: int) -> None:
    """Send the cookie for `lifetime` seconds from now; none takes it back."""
    by_https = settings.BASE_URL.startswith("https://")
    response.set_cookie(
        f"{HOST_PREFIX}{name}" if by_https else name,
        value,
        max_age=lifetime,
        secure=by_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def hash_of(value: str) -> str:
    """Return the hex SHA-256 that a row keeps of a state or a binding."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def browser_binding(request: HttpRequest) -> str:
    """Return this browser's value, or a new one of 32 random bytes, to be sent for another BINDING_LASTS."""
    value = read_cookie(request, BINDING)
    return value if _WELL_FORMED.match(value) else secrets.token_urlsafe(32)


def is_bound(request: HttpRequest, binding_hash: str) -> bool:
    """Tell whether this browser started the attempt with that hash; without a cookie it did not."""
    value = read_cookie(request, BINDING)
    return bool(value and binding_hash) and hmac.compare_digest(hash_of(value), binding_hash)


def last_choice(request: HttpRequest) -> str:
    """Return the provider of the last sign-in, to be compared with the slugs that there are; "" without one."""
    return read_cookie(request, LAST_PROVIDER)


def goes_straight_through(request: HttpRequest, *, providers: int) -> bool:
    """Tell whether this visit to the sign-in page leaves it at once: one provider, and nobody asked to choose."""
    if not settings.SIGN_IN_STRAIGHT_THROUGH or providers != 1:
        return False
    return "choose" not in request.GET and not read_cookie(request, STAY_HERE)


def stay_here(response: HttpResponse) -> HttpResponse:
    """Let this browser see the sign-in page for the next ten minutes; return `response`."""
    if settings.SIGN_IN_STRAIGHT_THROUGH:
        set_cookie(response, STAY_HERE, "1", lifetime=STAY_HERE_LASTS)
    return response


def remember_sign_in(request: HttpRequest, response: HttpResponse, slug: str) -> HttpResponse:
    """A sign-in through this provider has succeeded: it is the first one from now on, and nobody has to stay."""
    set_cookie(response, LAST_PROVIDER, slug, lifetime=LAST_PROVIDER_LASTS)
    if read_cookie(request, STAY_HERE):
        set_cookie(response, STAY_HERE, "", lifetime=0)
    return response
