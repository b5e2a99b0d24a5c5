"""“Rehearse sign-in”: the real sign-in through what is in the form, and the page that tells how it went."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from providers.admin.rehearsal_page import story_of
from providers.admin.trying import TryingAdmin
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
        rehearse, name = self.page(self.rehearse), "providers_provider_rehearse"
        return [
            path("rehearse", rehearse, name=f"{name}_new"),
            path("<uuid:pk>/rehearse", rehearse, name=name),
            path("rehearsals/<uuid:pk>", self.page(self.rehearsal), name="providers_provider_rehearsal"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters("client_secret", "credentials_json"))
    @method_decorator(only_post)
    def rehearse(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        """Keep what is in the form for a rehearsal, and lead to the provider."""
        form, stored = self.form_of(request, pk)
        if not form.is_valid():
            return self.mistakes(request, form, stored, title="This cannot be rehearsed yet")
        provider = form.save(commit=False)
        refuse_to_give_rights(stored, provider, by=Actor.of(request))
        if needs_metadata(provider):
            provider.discovery = form.metadata.document
        rehearsal = start_rehearsal(provider=provider, stored=stored, user=request.user)  # type: ignore[arg-type]  # `page` lets in users only
        return leave_for_rehearsal(request, rehearsal, page=reverse(PAGE, args=[rehearsal.pk]))

    @method_decorator(require_GET)
    def rehearsal(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Tell its administrator how it went; there is nothing to find for others, and later."""
        fresh = Rehearsal.objects.fresh(at=timezone.now()).select_related("provider", "by")
        rehearsal = get_object_or_404(fresh, pk=pk)
        if not may_rehearse(request, rehearsal):
            raise Http404
        return self.answer(request, "rehearsal", story_of(rehearsal), rehearsal.provider)


def rehearsing_context(provider: Provider | None) -> dict[str, Any]:
    """Return what the form's template needs for the button, for a provider or for a new one."""
    name = "admin:providers_provider_rehearse"
    return {"rehearse_url": reverse(name, args=[provider.pk]) if provider else reverse(f"{name}_new")}
