"""The page on which a registration is checked at its provider."""

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from providers.diagnosis.services import check_provider
from providers.models import Provider
from providers.trial.services import settle
from ssoconsole.platform.actors import Actor

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin

METHODS = ("GET", "HEAD", "POST")


def preflight_urls(model_admin: AnyModelAdmin) -> list[URLPattern]:
    """The address of the page, under the provider's own."""
    view = model_admin.admin_site.admin_view(partial(preflight, model_admin))
    return [path("<uuid:pk>/check", view, name="providers_provider_preflight")]


def preflight(model_admin: AnyModelAdmin, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """
    Explain what a check does; by POST, because it sends requests, make it and show what it has found.

    Needs the right to change the provider: the client's credentials are sent to it.
    """
    provider = get_object_or_404(Provider, pk=pk)
    if not model_admin.has_change_permission(request, provider):
        raise PermissionDenied
    settle(provider)
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    report = check_provider(provider=provider, by=Actor.of(request)) if request.method == "POST" else None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Check {provider.name}",
        "provider": provider,
        "report": report,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/providers/provider/preflight.html", context)
