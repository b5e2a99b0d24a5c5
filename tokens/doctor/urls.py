"""Path of the token doctor's page."""

from django.urls import path

from tokens.doctor.views import token_doctor

urlpatterns = [path("token-doctor", token_doctor, name="token_doctor")]
