"""Token records in admin."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import localize

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import asks_first
from ssoconsole.platform.keyset.filters import DayFilter, EndsFilter, StateFilter
from tokens.admin.records import RecordAdmin
from tokens.models import Bot, TokenRecord
from tokens.models.record import TokenRecordQuerySet, owner_disabled
from tokens.records.revocation import revoke_token


class IssuedFilter(DayFilter):
    title = "day of issue"

    def between(
        self, queryset: QuerySet[TokenRecord], begins: datetime, ends: datetime
    ) -> TokenRecordQuerySet:
        return cast("TokenRecordQuerySet", queryset).issued_between(begins, ends)


class TokenStateFilter(StateFilter):
    """Those that count are not asked for: to find the newest of them all would be gone through."""

    STATES: ClassVar[dict[str, Callable[[Any, datetime], QuerySet[Any]]]] = {
        "revoked": lambda records, at: records.filter(revocation__isnull=False),
    }


class TokenEndsFilter(EndsFilter):
    stopped = "revocation"


def _with_bot(record: TokenRecord) -> str:
    return f"{record} of {record.bot}"


@admin.register(TokenRecord)
class TokenRecordAdmin(RecordAdmin):
    """Read and revoke. Searches by exact jti or the exact name of a bot, which have an index each."""

    time_field = "issued_at"
    list_display = ("jti", "bot", "audience", "label", "issued_at", "expires_at", "state")
    list_select_related = ("bot", "audience", "signing_key", "revocation")
    list_filter = ("audience", TokenStateFilter, TokenEndsFilter, IssuedFilter)
    search_fields = ("jti",)
    search_help_text = "The exact jti of a token, or the exact name of a bot."
    ordering = ("-number",)
    sortable_by = ()
    fields = (
        "jti",
        "bot",
        "audience",
        "scopes",
        "roles",
        "label",
        "credential",
        "signing_key",
        "issued_at",
        "issued_by",
        "expires_at",
        "revoked_at",
        "revoked_by",
        "state",
    )
    readonly_fields = fields
    actions = ("revoke",)

    def get_ordering(self, request: HttpRequest) -> Any:
        """The same order by the revocations, where those are asked for: they are few among all tokens."""
        is_revoked = request.GET.get(TokenStateFilter.parameter_name) == "revoked"
        return (F("revocation__record_id").desc(),) if is_revoked else super().get_ordering(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TokenRecord]:
        records: QuerySet[TokenRecord] = super().get_queryset(request)
        return records.annotate(owner_disabled=owner_disabled("bot__owner"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TokenRecord], search_term: str
    ) -> tuple[QuerySet[TokenRecord], bool]:
        if not search_term:
            return queryset, False
        # One index a search: to ask for either at once would read all tokens.
        token = TokenRecord.objects.filter(jti=search_term).values_list("number", flat=True).first()
        if token is not None:
            return queryset.filter(number=token), False
        bot = Bot.objects.filter(name=search_term).values_list("pk", flat=True).first()
        return (queryset.none() if bot is None else queryset.filter(bot=bot)), False

    @admin.display(description="revoked at")
    def revoked_at(self, record: TokenRecord) -> str:
        return str(localize(timezone.localtime(record.revoked_at))) if record.revoked_at else "-"

    @admin.display(description="revoked by")
    def revoked_by(self, record: TokenRecord) -> str:
        return record.revoked_by or "-"

    @admin.display(description="state")
    def state(self, record: TokenRecord) -> str:
        """Why it counts or not, the lasting reason first."""
        now = timezone.now()
        if record.revoked_at:
            return "revoked"
        if record.signing_key.compromised_at:
            return "key compromised"
        if record.expires_at and record.expires_at <= now:
            return "expired"
        if record.bot.disabled_at:
            return "bot disabled"
        if getattr(record, "owner_disabled", False):
            return "owner disabled"
        return "audience disabled" if record.audience.disabled_at else "live"

    @admin.action(description="Revoke at once and for good", permissions=["act"])
    @asks_first("These tokens will be revoked at once and for good.", named=_with_bot)
    def revoke(self, request: HttpRequest, queryset: QuerySet[TokenRecord]) -> None:
        count = sum(revoke_token(record=record, by=Actor.of(request)) for record in queryset)
        self.message_user(request, f"Revoked: {count}.", messages.SUCCESS)
