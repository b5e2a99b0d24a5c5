"""What an operator has given in the place of the console's own: tags for every template, and what they point at."""

from django import template
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from ssoconsole.platform.brand import Document, colours_of, logo_at

# A drawing that somebody opens by itself runs nothing, loads nothing and has no origin.
HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

register = template.Library()  # the tags need no context: the pages of what is broken bear the brand too


@register.simple_tag
def brand_name() -> str:
    """The name of the console."""
    return str(settings.BRAND_NAME)


@register.simple_tag
def brand_logo(*, own: str = "img/logo.svg", bare: bool = False) -> str:
    """The address of the logo, or of the console's `own`; `bare` asks no manifest of static files for that."""
    if settings.BRAND_LOGO:
        return f"/brand/logo?v={logo_at(settings.BRAND_LOGO).version}"
    return f"{settings.STATIC_URL}{own}" if bare else static(own)


@register.simple_tag
def brand_colours() -> str:
    """The link to the stylesheet with the accent colour, to stand behind tokens.css; nothing without one."""
    if not settings.BRAND_ACCENT:
        return ""
    version = colours_of(settings.BRAND_ACCENT).version
    return format_html('<link rel="stylesheet" href="/brand/colours.css?v={}">', version)


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
