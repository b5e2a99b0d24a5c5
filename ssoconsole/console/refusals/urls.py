"""The addresses of explanations."""

from django.urls import path

from ssoconsole.console.refusals import views

urlpatterns = [
    path("refusals/<str:reference>", views.refusal, name="refusal"),
]
