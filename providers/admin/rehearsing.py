"""“Check” and “Rehearse sign-in”: what is in the form tried at the provider, and the page that tells how it went."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from providers.admin.forms import ProviderForm
from providers.admin.panels import progress_of
from providers.admin.rehearsal_page import story_of
from providers.admin.trying import TryingAdmin
from providers.diagnosis.services import check_provider
from providers.models import Provider, Rehearsal
from providers.registration.risk import refuse_to_give_rights
from providers.registration.services import needs_metadata
from providers.rehearsal.leaving import leave_for_rehearsal
from providers.rehearsal.services import may_rehearse, start_rehearsal
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.http.methods import only_post

PAGE = "admin:providers_provider_rehearsal"


class RehearsingAdmin(TryingAdmin):
    """Whoever may save a registration may rehearse it, and reads his own rehearsals."""

    def get_urls(self) -> list[URLPattern]:
        check, of_form = self.page(self.check_form), "providers_provider_check"
        rehearse, name = self.page(self.rehearse), "providers_provider_rehearse"
        return [
            path("check", check, name=f"{of_form}_new"),
            path("<uuid:pk>/check-form", check, name=of_form),
            path("rehearse", rehearse, name=f"{name}_new"),
            path("<uuid:pk>/rehearse", rehearse, name=name),
            path("rehearsals/<uuid:pk>", self.page(self.rehearsal), name="providers_provider_rehearsal"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters("client_secret", "credentials_json"))
    @method_decorator(only_post)
    def check_form(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        """Check what is in the form at its provider."""
        form, stored = self.form_of(request, pk)
        if not form.is_valid():
            return self.mistakes(request, form, stored, title="This cannot be checked yet")
        provider = self._typed(request, form, stored)
        report = check_provider(provider=provider, by=Actor.of(request), is_saved=False)
        return self.answer(
            request,
            "preflight",
            {"title": f"Check of {provider.name}", "report": report, "is_of_form": True},
            stored,
        )

    def _typed(self, request: HttpRequest, form: ProviderForm, stored: Provider | None) -> Provider:
        """Return the registration in a form without mistakes, with the document that a save would keep."""
        provider: Provider = form.save(commit=False)
        refuse_to_give_rights(stored, provider, by=Actor.of(request))
        if needs_metadata(provider):
            provider.discovery = form.metadata.document
        return provider

    @method_decorator(sensitive_post_parameters("client_secret", "credentials_json"))
    @method_decorator(only_post)
    def rehearse(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        """Keep what is in the form for a rehearsal, and lead to the provider."""
        form, stored = self.form_of(request, pk)
        if not form.is_valid():
            return self.mistakes(request, form, stored, title="This cannot be rehearsed yet")
        provider = self._typed(request, form, stored)
        rehearsal = start_rehearsal(provider=provider, stored=stored, user=request.user)  # type: ignore[arg-type]  # `page` lets in users only
        return leave_for_rehearsal(request, rehearsal, page=reverse(PAGE, args=[rehearsal.pk]))

    @method_decorator(require_GET)
    def rehearsal(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Tell its administrator how it went; there is nothing to find for others, and later."""
        fresh = Rehearsal.objects.fresh(at=timezone.now()).select_related("provider", "by")
        rehearsal = get_object_or_404(fresh, pk=pk)
        if not may_rehearse(request, rehearsal):
            raise Http404
        context = story_of(rehearsal)
        if (draft := rehearsal.provider) and Provider.objects.drafts().filter(pk=draft.pk).exists():
            context["progress"] = progress_of(draft)
        return self.answer(request, "rehearsal", context, rehearsal.provider)


def rehearsing_context(provider: Provider | None) -> dict[str, Any]:
    """Return what the form's template needs for the buttons, for a provider or for a new one."""
    names = {
        "rehearse_url": "admin:providers_provider_rehearse",
        "check_url": "admin:providers_provider_check",
    }
    return {
        key: reverse(name, args=[provider.pk]) if provider else reverse(f"{name}_new")
        for key, name in names.items()
    }
