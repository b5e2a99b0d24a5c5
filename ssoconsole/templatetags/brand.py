"""The brand on a page; it needs no context, so that pages of what is broken bear it too."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html

from ssoconsole.platform.brand import colours_of, logo_at

register = template.Library()


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
