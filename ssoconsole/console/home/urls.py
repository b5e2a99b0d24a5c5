"""The start page's path, where a language is chosen, and the brand."""

from django.urls import path

from ssoconsole.console.home import branding, views
from ssoconsole.console.home.languages import choose_language

urlpatterns = [
    path("", views.home, name="home"),
    path("language", choose_language, name="language"),
    path("brand/logo", branding.logo, name="brand_logo"),
    path("brand/colours.css", branding.colours, name="brand_colours"),
]
