"""What ends soon, in the admin: a page, and a line on the admin's first page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from providers.models import DiscoveryDrift
from ssoconsole.console.expiry import email, webhook
from ssoconsole.console.expiry.endings import WITHIN, Ending, endings_for
from ssoconsole.platform.accounts.models import User

MOST_CHANGED = 10


def ending_soon_page(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    """Everything that this person may look at, the first to end first, with what to do about it."""
    now = timezone.now()
    context = {
        **site.each_context(request),
        "title": "Ending soon",
        "endings": [(each, each.ends_at <= now) for each in _endings(request)],
        "days": WITHIN.days,
        "tells_by_email": email.is_configured(),
        "tells_by_webhook": webhook.is_configured(),
        "now": now,
    }
    return TemplateResponse(request, "admin/expiry/ending_soon.html", context)


def summary(request: HttpRequest) -> dict[str, Any]:
    """
    `count` of what ends soon, the `first` of it, whether that is `overdue`, and the `changed` providers.

    For whoever came in already.
    """
    endings = _endings(request)
    first = endings[0] if endings else None
    return {
        "count": len(endings),
        "first": first,
        "overdue": first is not None and first.ends_at <= timezone.now(),
        "days": WITHIN.days,
        "changed": _changed_providers(request),
    }


def _changed_providers(request: HttpRequest) -> list[DiscoveryDrift]:
    """Changes of providers that wait for a decision, which is somebody's work as well."""
    if not request.user.has_perm("providers.view_provider"):
        return []
    return list(DiscoveryDrift.objects.undecided().select_related("provider")[:MOST_CHANGED])


def _endings(request: HttpRequest) -> list[Ending]:
    user = request.user
    return endings_for(user, at=timezone.now()) if isinstance(user, User) else []
