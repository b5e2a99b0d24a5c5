"""The start page's path."""

from django.urls import path

from ssoconsole.console.home import views

urlpatterns = [path("", views.home, name="home")]
