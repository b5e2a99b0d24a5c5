"""Every path of the console, by area."""

from django.contrib import admin
from django.urls import include, path, re_path

from ssoconsole.http.doors import no_such_resource

urlpatterns = [
    path("", include("ssoconsole.home.urls")),
    path("", include("ssoconsole.health.urls")),
    path("", include("ssoconsole.operation.urls")),
    path("", include("providers.urls")),
    path("", include("tokens.oauth.urls")),
    path("", include("ssoconsole.doctor.urls")),
    path("", include("ssoconsole.refusals.urls")),
    path("api/v1/", include("providers.api.urls")),
    path("api/v1/", include("tokens.api.urls")),
    re_path(r"^api(?:/|\Z)", no_such_resource, name="api_nothing"),
    path("admin/", admin.site.urls),
]

# Django looks them up by these names, wherever a request has failed: in a view or on its way there.
handler400 = "ssoconsole.http.doors.answer_bad_request"
handler500 = "ssoconsole.http.unavailable.answer_failure"
