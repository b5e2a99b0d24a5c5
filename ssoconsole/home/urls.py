"""The start page's path."""

from django.urls import path

from ssoconsole.home import views

urlpatterns = [path("", views.home, name="home")]
