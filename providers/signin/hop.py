"""The page that leads on to another origin, where a redirect may not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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
