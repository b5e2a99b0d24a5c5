"""
The buttons beside Save that try what is in the form, and the pages that show the result.

“Check” asks the provider. “Rehearse sign-in” goes through a sign-in. “Replay recent sign-ins” applies the registration
to those who have signed in before. The form is judged as a save would judge it, and nothing is saved.
"""

import json
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from providers.admin.credentials import with_kept_secret
from providers.admin.forms import ProviderForm
from providers.admin.panels import progress_of
from providers.diagnosis.registration import examine_attempt
from providers.diagnosis.services import check_provider
from providers.explanations.remedies import remedy_of
from providers.identities.rights import KEEPS_OUT, LETS_IN
from providers.models import Provider, Rehearsal, SignInAttempt
from providers.models.attempt import REHEARSAL_LIFETIME
from providers.registration.cautions import refuse_to_give_rights
from providers.registration.services import needs_metadata
from providers.rehearsal.leaving import leave_for_rehearsal
from providers.rehearsal.services import may_rehearse, rehearsed_provider, start_rehearsal
from providers.replay import CHOICES, USUAL, replay_sign_ins
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.eventlog.services import mask
from ssoconsole.platform.http.doors import only_post

STEPS = {
    "leaving": "The browser leaves for the provider",
    "returned": "The answer belongs to this browser and attempt",
    "token": "The code is redeemed at the token endpoint",
    "id_token": "The ID token is verified",
    "userinfo": "Userinfo is asked",
    "person": "The rules decide about the person",
    "session": "Here a session would begin",
}
PAGE = "admin:providers_provider_rehearsal"

ROUTE = "providers_provider_replay"

# What is told of a person comes out of the claims of his sign-ins: a claim that the form names is read by the page.
READS = "providers.view_signinattempt"


def story_of(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the context of the page; it waits as long as nobody has come back."""
    attempt = rehearsal.attempts.select_related("provider").order_by("-started_at").first()
    context: dict[str, Any] = {
        "title": f"Rehearsal of {rehearsal.provider or 'a new provider'}",
        "rehearsal": rehearsal,
        "attempt": attempt,
        "counts_until": rehearsal.started_at + REHEARSAL_LIFETIME,
    }
    if attempt is None or attempt.finished_at is None:
        return {**context, "waits": True}
    result = _result(rehearsal)
    succeeded, registration = attempt.outcome == "ok", _registration(rehearsal)
    return {
        **context,
        "succeeded": succeeded,
        "steps": _steps(attempt),
        "result": result,
        "rule": (LETS_IN if succeeded else KEEPS_OUT).get(result.get("rule", ""), ""),
        "remedy": remedy_of(attempt, registration=registration).replace("`", ""),
        "findings": examine_attempt(attempt, registration=registration) if registration else [],
        "claims": json.dumps(mask(attempt.claims_shown), indent=2, ensure_ascii=False),
    }


def _registration(rehearsal: Rehearsal) -> Provider | None:
    """What was rehearsed, if a key of the ring opens it."""
    try:
        return rehearsed_provider(rehearsal)
    except DecryptionFailed:
        return None


def _result(rehearsal: Rehearsal) -> dict[str, Any]:
    try:
        result: dict[str, Any] = json.loads(rehearsal.result) if rehearsal.result else {}
    except DecryptionFailed:
        return {}
    return result


def _steps(attempt: SignInAttempt) -> list[dict[str, Any]]:
    """Every step in its order: its words, when or how long, and whether it went well."""
    timings = (attempt.trace or {}).get("timings", {})
    failed = attempt.stage if attempt.outcome != "ok" else ""
    steps = [_step("leaving", at=attempt.started_at, failed=failed)]
    if attempt.consumed_at:
        steps.append(_step("returned", at=attempt.consumed_at, failed=failed))
    names = [name for name in STEPS if name in timings]
    return steps + [_step(name, milliseconds=timings[name], failed=failed) for name in names]


def _step(
    name: str, *, failed: str, at: datetime | None = None, milliseconds: int | None = None
) -> dict[str, Any]:
    return {"words": STEPS[name], "at": at, "milliseconds": milliseconds, "went_well": name != failed}


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
            (form[name].label if name in form.fields else "", sentences)
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
        if needs_metadata(provider, stored):
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


class ReplayingAdmin(TryingAdmin):
    """Only for a provider that is stored, as nobody has signed in through another, and for who may read sign-ins."""

    def get_urls(self) -> list[URLPattern]:
        return [path("<uuid:pk>/replay", self.page(self.replay), name=ROUTE), *super().get_urls()]

    @method_decorator(sensitive_post_parameters("client_secret", "credentials_json"))
    @method_decorator(only_post)
    def replay(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not request.user.has_perm(READS):
            raise Http404
        form, stored = self.form_of(request, pk)
        if stored is None or not form.is_valid():
            return self.mistakes(request, form, stored, title="This cannot be replayed yet")
        chosen = request.POST.get("replay_count", "")
        most = next((choice for choice in CHOICES if str(choice) == chosen), USUAL)
        replay = replay_sign_ins(stored=stored, changed=form.save(commit=False), most=most)
        rows = [
            {"is": each, "rule": KEEPS_OUT.get(each.refused.rule, "") if each.refused else ""}
            for each in replay.differences
        ]
        context = {"title": f"Replay of recent sign-ins: {stored}", "replay": replay, "rows": rows}
        return self.answer(request, "replay", context, stored)


def replaying_context(request: HttpRequest, provider: Provider | None) -> dict[str, Any]:
    """Return what the form's template needs for the button; nothing where there is none."""
    if provider is None or not request.user.has_perm(READS):
        return {}
    url = reverse(f"admin:{ROUTE}", args=[provider.pk])
    return {"replay_url": url, "replay_choices": CHOICES, "replay_usual": USUAL}
