"""The addresses of explanations."""

from django.urls import path

from ssoconsole.console.refusals import views

urlpatterns = [
    path("refusals/<str:reference>", views.refusal, name="refusal"),
    path("admin/refusals", views.look_up, name="look_up_refusal"),
]
