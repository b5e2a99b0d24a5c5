"""The paths of the two probes."""

from django.urls import path

from ssoconsole.console.health import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
