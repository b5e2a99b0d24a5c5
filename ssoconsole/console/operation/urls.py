"""The path of the metrics."""

from django.urls import path

from ssoconsole.console.operation import views

urlpatterns = [path("metrics", views.metrics, name="metrics")]
