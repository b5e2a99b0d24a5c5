"""The page of the checklist, in the admin."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ssoconsole.console.checklist.services import by_area, go_through


@require_safe
def checklist(request: HttpRequest) -> HttpResponse:
    """Show every item, green or red with the remedy; only to administrators who may do everything."""
    if not request.user.is_superuser:
        raise PermissionDenied
    results = go_through(at=timezone.now(), request=request)
    context = {
        **admin.site.each_context(request),
        "title": "Production checklist",
        "areas": list(by_area(results)),
        "open": sum(result.status == "bad" for result in results),
    }
    return render(request, "admin/checklist.html", context)
