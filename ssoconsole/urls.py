"""Every path of the console, by area."""

from django.contrib import admin
from django.urls import include, path, re_path

from ssoconsole.platform.http.doors import no_such_resource

urlpatterns = [
    path("", include("ssoconsole.console.home")),
    path("", include("ssoconsole.console.health")),
    path("", include("ssoconsole.console.operation")),
    path("", include("providers.urls")),
    path("", include("tokens.oauth.urls")),
    path("", include("tokens.my_bot")),
    path("", include("ssoconsole.console.doctor")),
    path("", include("ssoconsole.console.refusals")),
    path("api/v1/", include("providers.api.urls")),
    path("api/v1/", include("tokens.api.urls")),
    re_path(r"^api(?:/|\Z)", no_such_resource, name="api_nothing"),
    path("admin/", admin.site.urls),
]

# Django looks them up by these names, wherever a request has failed: in a view or on its way there.
handler400 = "ssoconsole.platform.http.doors.answer_bad_request"
handler500 = "ssoconsole.platform.http.bounds.answer_failure"
