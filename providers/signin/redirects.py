"""Where a browser is sent: to a page of this console, to a provider, or over a page where a redirect may not lead."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ssoconsole.platform.http.doors import has_page

LONGEST = 2000


def local_target(target: str | None) -> str:
    """
    Return `target` as an absolute path of this console, or "" when it leads elsewhere, is too long, or takes only POST.

    Takes a path, or a URL that starts with BASE_URL and a slash. Browsers read a backslash as a slash and
    drop tabs and line ends, so that `/\\t/host` is another host; nothing of the kind is repaired, it is
    refused.
    """
    if not target or len(target) > LONGEST:
        return ""
    path = target.removeprefix(settings.BASE_URL)
    if not path.startswith("/") or path.startswith("//"):
        return ""
    if "\\" in path or any(not character.isprintable() or character.isspace() for character in path):
        return ""
    return path if has_page(path) else ""


def with_next(path: str, next_url: str, **more: str) -> str:
    """Return a path of ours with `next` and the parameters in `more`, leaving out the empty ones."""
    params = {name: value for name, value in {"next": next_url, **more}.items() if value}
    return f"{path}?{urlencode(params)}" if params else path


def chooser_url(next_url: str = "") -> str:
    """Return the sign-in page's address that shows the page, also to a browser that keeps no cookies."""
    return with_next("/signin", next_url, choose="1" if settings.SIGN_IN_STRAIGHT_THROUGH else "")


def add_query(endpoint: str, query: str) -> str:
    """
    Return `endpoint` of a provider with `query` added to whatever query it has already (RFC 6749 section 3.1).

    mozilla-django-oidc would add a second question mark.
    """
    parts = urlsplit(endpoint)
    joined = "&".join(filter(None, (parts.query, query)))
    return urlunsplit(parts._replace(query=joined, fragment=""))


def lead_on(request: HttpRequest, url: str, *, name: str) -> HttpResponse:
    """
    Answer a page that goes to `url` by itself, with a link for whoever it does not take along.

    With `form-action 'self'` a browser silently blocks a form whose answer redirects to another origin. Neither kept
    nor told to the other site: the URL carries the state of a sign-in.
    """
    page = render(request, "provider_hop.html", {"url": url, "name": name})
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


def lead_on_instead(request: HttpRequest, redirect: HttpResponse, *, name: str) -> HttpResponse:
    """Turn a redirect into that page, with the cookies of the redirect, which bind the attempt to this browser."""
    page = lead_on(request, redirect.headers["Location"], name=name)
    page.cookies = redirect.cookies
    return page
