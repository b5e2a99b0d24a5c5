"""Buttons beside Save that try what is in the form: it is judged as a save would, and nothing is saved."""

from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from providers.admin.credentials import with_kept_secret
from providers.admin.forms import ProviderForm
from providers.models import Provider

if TYPE_CHECKING:
    ProviderModelAdmin = admin.ModelAdmin[Provider]
else:
    ProviderModelAdmin = admin.ModelAdmin


class TryingAdmin(ProviderModelAdmin):
    """A person who is signed in and no administrator of providers finds none of these pages."""

    def may_write(self, request: HttpRequest, obj: Provider | None) -> bool:
        """Tell whether the person may change `obj`, or add a provider where there is none."""
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    def page(self, view: Any) -> Any:
        """Let administrators of providers in; send a stranger to sign in, as every page of the admin does."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self._may_enter(request):
                raise Http404
            response: HttpResponse = self.admin_site.admin_view(view)(request, *args, **kwargs)
            return response

        return guarded

    def form_of(self, request: HttpRequest, pk: UUID | None) -> tuple[ProviderForm, Provider | None]:
        """Return the form as it was posted, and the row that it would change as it is stored."""
        instance = self.get_object(request, str(pk)) if pk else None
        if (pk and instance is None) or not self.may_write(request, instance):
            raise Http404
        form_class = cast("type[ProviderForm]", self.get_form(request, instance, change=bool(instance)))
        posted = with_kept_secret(request, uses=False)
        form = form_class(posted, request.FILES, instance=instance)
        form.is_tried = True
        return form, Provider.objects.get(pk=pk) if pk else None

    def mistakes(
        self, request: HttpRequest, form: ProviderForm, stored: Provider | None, *, title: str
    ) -> HttpResponse:
        """Answer what is wrong with the form, field by field."""
        problems = [
            (form.fields[name].label or name if name in form.fields else "", sentences)
            for name, sentences in form.errors.items()
        ]
        return self.answer(request, "not_valid", {"title": title, "problems": problems}, stored, status=400)

    def answer(
        self,
        request: HttpRequest,
        name: str,
        context: dict[str, Any],
        provider: Provider | None,
        status: int = 200,
    ) -> HttpResponse:
        """Answer the page of that name in the admin's look."""
        site = self.admin_site.each_context(request)
        shown = {**site, "opts": self.opts, "provider": provider, **context}
        return TemplateResponse(request, f"admin/providers/provider/{name}.html", shown, status=status)

    def _may_enter(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request) and (
            self.has_change_permission(request) or self.has_add_permission(request)
        )
