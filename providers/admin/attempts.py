"""Sign-in attempts and their traces."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from providers.account.views import browser_name
from providers.diagnosis.registration import examine_attempt
from providers.errors import EmailTaken
from providers.explanations.meanings import meaning_of
from providers.explanations.remedies import mend_of, remedy_of
from providers.explanations.searching import attempts_like, neighbours_of, said_by_provider
from providers.explanations.stages import stages_of, total_of
from providers.identities.accounts import identities_of
from providers.models import Provider, SignInAttempt
from providers.signin.traces import SUCCESS
from ssoconsole.platform.keyset.admin import KeysetAdmin
from ssoconsole.platform.keyset.filters import DayFilter, SeenFilter, WhenFilter

MEND = "mend"


class OutcomeFilter(SeenFilter):
    """One outcome, whatever was refused, or what has come to no end."""

    title = parameter_name = column = "outcome"
    # No outcome has a hyphen in it.
    ANY_REFUSAL, NOT_FINISHED = "any-refusal", "not-finished"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        together = [(self.ANY_REFUSAL, "any refusal"), (self.NOT_FINISHED, "not finished")]
        return [*super().lookups(request, model_admin), *together]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case self.ANY_REFUSAL:
                return queryset.exclude(outcome__in=("", SUCCESS))
            case self.NOT_FINISHED:
                return queryset.filter(outcome="")
        return super().queryset(request, queryset)


@admin.register(SignInAttempt)
class SignInAttemptAdmin(KeysetAdmin):
    """What happened, found by the reference that the person read out; nonce and verifier are never shown."""

    time_field = "started_at"
    list_display = ("reference", "provider", "purpose", "outcome", "stage", "user", "started_at")
    list_filter = (OutcomeFilter, "provider", "purpose", WhenFilter, DayFilter)
    list_select_related = ("provider", "user")
    search_fields = ("reference",)
    search_help_text = (
        "A reference in any spelling; the exact name or e-mail address of a person; an address; an outcome."
    )
    fields = ("reference",)
    change_form_template = "admin/providers/signinattempt/change_form.html"

    class Media:
        js = ("js/copy.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignInAttempt]:
        return super().get_queryset(request).select_related("provider", "user", "session")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SignInAttempt], search_term: str
    ) -> tuple[QuerySet[SignInAttempt], bool]:
        return (queryset.filter(attempts_like(search_term)) if search_term.strip() else queryset), False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        attempt = self.get_object(request, object_id)
        told = explanation_of(attempt) if attempt and self.has_view_permission(request, attempt) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})


def mend_in(form: BaseForm, request: HttpRequest) -> dict[str, Any] | None:
    """
    Put into the form of a stored provider what the attempt in the address would mend, and return what to say of it.

    The value itself stands in no address. None for an attempt at another provider, or for who may read none.
    """
    provider = getattr(form, "instance", None)
    if form.is_bound or not request.user.has_perm("providers.view_signinattempt"):
        return None
    try:
        attempt = SignInAttempt.objects.filter(provider=provider, pk=UUID(request.GET.get(MEND, ""))).first()
    except ValueError:
        return None
    mend = mend_of(attempt) if attempt else None
    if mend is None:
        return None
    form.fields[mend.field].widget.attrs["autofocus"] = True
    if mend.value is not None:
        form.initial[mend.field] = mend.value
    return {"label": form[mend.field].label, "is_filled_in": mend.value is not None}


def explanation_of(attempt: SignInAttempt) -> dict[str, Any]:
    """Everything that the page says of an attempt; the claims are masked on the way out."""
    claims, mend = attempt.claims_shown, mend_of(attempt)
    taken = attempt.received if attempt.outcome == EmailTaken.code else ""
    return {
        "attempt": attempt,
        "meaning": meaning_of(attempt.outcome),
        "remedy": remedy_of(attempt),
        "mend": mend,
        "mend_label": label_for_field(mend.field, Provider) if mend else "",
        "link": f"{settings.BASE_URL}{reverse('admin:providers_signinattempt_change', args=[attempt.pk])}",
        "findings": examine_attempt(attempt),
        "stages": stages_of(attempt),
        "totals": list(total_of(attempt)),
        "said": said_by_provider(attempt),
        "in_the_way": identities_of(taken) if taken else [],
        "claims": json.dumps(claims, indent=2, ensure_ascii=False) if claims else "",
        "browser": browser_name(attempt.user_agent) if attempt.user_agent else "",
        "neighbours": neighbours_of(attempt),
    }
