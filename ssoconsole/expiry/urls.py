"""The address of the calendar."""

from django.urls import path

from ssoconsole.expiry.calendar.views import feed

urlpatterns = [path("calendar/<str:token>.ics", feed, name="calendar")]
