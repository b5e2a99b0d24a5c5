"""GET /brand/logo and /brand/colours.css: what an operator has given in the place of the console's own."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ssoconsole.platform.brand import Document, colours_of, logo_at

# A drawing that somebody opens by itself runs nothing, loads nothing and has no origin.
HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


@require_safe
@login_not_required
def logo(request: HttpRequest) -> HttpResponse:
    """Answer the picture of BRAND_LOGO."""
    if not settings.BRAND_LOGO:
        raise Http404
    return _answer(logo_at(settings.BRAND_LOGO))


@require_safe
@login_not_required
def colours(request: HttpRequest) -> HttpResponse:
    """Answer the stylesheet of BRAND_ACCENT."""
    if not settings.BRAND_ACCENT:
        raise Http404
    return _answer(colours_of(settings.BRAND_ACCENT))


def _answer(document: Document) -> HttpResponse:
    headers = {
        "Content-Security-Policy": HARMLESS,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "public, max-age=86400",  # pages name it by its version
    }
    return HttpResponse(document.body, content_type=document.content_type, headers=headers)
