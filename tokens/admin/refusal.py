"""Refusals at the doors for programs, in admin."""

from ipaddress import ip_address
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ssoconsole.platform.keyset.admin import KeysetAdmin
from ssoconsole.platform.keyset.filters import DayFilter, SeenFilter, WhenFilter
from ssoconsole.platform.references import normalize_reference, number_of_words
from tokens.models import TokenRefusal
from tokens.refusals.services import WORDS, explain_refusal


class CodeFilter(SeenFilter):
    title = parameter_name = column = "code"


@admin.register(TokenRefusal)
class TokenRefusalAdmin(KeysetAdmin):
    """What was refused, found by the reference that the answer carried or by the bot's name."""

    list_display = ("reference", "door", "code", "status", "unverified_client_id", "address", "at")
    list_filter = ("door", CodeFilter, WhenFilter, DayFilter)
    search_fields = ("reference",)
    search_help_text = "A reference in any spelling, the exact name of a bot, or an address."
    fields = ("reference",)
    change_form_template = "admin/tokens/tokenrefusal/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TokenRefusal]:
        return super().get_queryset(request).select_related("bot", "credential")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TokenRefusal], search_term: str
    ) -> tuple[QuerySet[TokenRefusal], bool]:
        return (queryset.filter(_refusals_like(search_term)) if search_term.strip() else queryset), False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        refusal = self.get_object(request, object_id)
        told = {}
        if refusal and self.has_view_permission(request, refusal):
            told["explanation"] = explain_refusal(refusal, at=timezone.now())
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})


def _refusals_like(text: str) -> Q:
    """One index a search, whatever is typed."""
    typed = text.strip().replace("\0", "")
    if number_of_words(typed) == WORDS:
        return Q(reference=normalize_reference(typed))
    try:
        return Q(address=str(ip_address(typed)))
    except ValueError:
        return Q(unverified_client_id=typed)
