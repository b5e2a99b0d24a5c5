"""The configuration history of a provider: what was changed, how two versions differ, and the way back."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from providers.admin.trial import TrialField, roll_back_page
from providers.history import NOW, VersionUnknown, difference_between, page_of_versions
from providers.models import Provider
from providers.models.provider import VersionUnusable
from providers.registration.errors import RegistrationInvalid
from providers.registration.services import restore_version
from ssoconsole.platform.actors import Actor

if TYPE_CHECKING:
    ProviderModelAdmin = admin.ModelAdmin[Provider]
else:
    ProviderModelAdmin = admin.ModelAdmin

TEMPLATES = "admin/providers/provider"


class RestoreForm(forms.Form):
    """How a version is brought back."""

    trial = TrialField()


def history_urls(model_admin: ProviderModelAdmin) -> list[URLPattern]:
    """The addresses of these pages, and of the way back from a trial, under the provider's own."""
    pages: list[tuple[str, str, Callable[..., HttpResponse]]] = [
        ("versions", "history_page", history_page),
        ("versions/compare", "compare_page", compare_page),
        ("versions/<int:number>/restore", "restore_page", restore_page),
        ("roll-back", "roll_back_page", roll_back_page),
    ]
    return [
        path(
            f"<uuid:pk>/{place}",
            model_admin.admin_site.admin_view(partial(page, model_admin)),
            name=f"providers_provider_{name}",
        )
        for place, name, page in pages
    ]


def history_page(model_admin: ProviderModelAdmin, request: HttpRequest, pk: str) -> HttpResponse:
    """List the versions, newest first, page after page by their numbers. Needs the right to view the provider."""
    provider = _seen(model_admin, request, pk)
    before = request.GET.get("before", "")
    page = page_of_versions(provider, before=int(before) if _is_number(before) else None)
    context = {"page": page, "may_restore": model_admin.has_change_permission(request, provider), "now": NOW}
    return _page(
        model_admin, request, provider, "versions", context, title=f"Configuration history of {provider}"
    )


def compare_page(model_admin: ProviderModelAdmin, request: HttpRequest, pk: str) -> HttpResponse:
    """Show what differs from `?from=` to `?to=`, each a version's number or `now`."""
    provider = _seen(model_admin, request, pk)
    first, second = request.GET.get("from", ""), request.GET.get("to", NOW)
    try:
        context = {"changes": difference_between(provider, first, second), "first": first, "second": second}
    except (VersionUnknown, VersionUnusable) as refused:
        raise Http404(refused.message) from None
    title = f"{provider}: from {_named(first)} to {_named(second)}"
    return _page(model_admin, request, provider, "versions_compare", context, title=title)


def restore_page(model_admin: ProviderModelAdmin, request: HttpRequest, pk: str, number: int) -> HttpResponse:
    """Ask whether to bring a version back, and do so. Needs the right to change the provider."""
    provider = _seen(model_admin, request, pk)
    if not model_admin.has_change_permission(request, provider):
        raise PermissionDenied
    form = RestoreForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _restore(request, provider, number, form):
        return redirect("admin:providers_provider_change", provider.pk)
    try:
        changes = difference_between(provider, NOW, str(number))
    except (VersionUnknown, VersionUnusable) as refused:
        raise Http404(refused.message) from None
    context = {"changes": changes, "number": number, "form": form}
    title = f"Restore version {number} of {provider}"
    return _page(model_admin, request, provider, "version_restore", context, title=title)


def _restore(request: HttpRequest, provider: Provider, number: int, form: RestoreForm) -> bool:
    """Bring the version back, or put on the form why not."""
    trial = form.cleaned_data["trial"]
    try:
        warnings = restore_version(provider=provider, number=number, by=Actor.of(request), trial=trial)
    except RegistrationInvalid as invalid:
        for field, sentences in invalid.problems.items():
            label = "" if field in ("__all__", "trial") else f"{field}: "
            for sentence in sentences:
                form.add_error(None, f"{label}{sentence}")
        return False
    except (VersionUnknown, VersionUnusable) as refused:
        form.add_error(None, f"{refused.message} {refused.received}")
        return False
    for warning in warnings:
        messages.warning(request, warning)
    messages.success(request, f"Version {number} of {provider} is restored.")
    return True


def _seen(model_admin: ProviderModelAdmin, request: HttpRequest, pk: str) -> Provider:
    provider = get_object_or_404(Provider, pk=pk)
    if not model_admin.has_view_permission(request, provider):
        raise PermissionDenied
    return provider


def _page(
    model_admin: ProviderModelAdmin,
    request: HttpRequest,
    provider: Provider,
    template: str,
    context: dict[str, Any],
    *,
    title: str,
) -> HttpResponse:
    shared = {"title": title, "provider": provider, "opts": model_admin.opts}
    context = {**model_admin.admin_site.each_context(request), **shared, **context}
    return TemplateResponse(request, f"{TEMPLATES}/{template}.html", context)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _named(which: str) -> str:
    return NOW if which == NOW else f"version {which}"
