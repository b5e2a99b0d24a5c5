"""Bots in admin."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, Exists, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import ListsInWords, asks_first, may_view
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.http.doors import only_post
from ssoconsole.platform.keyset.filters import EndsFilter, StateFilter
from ssoconsole.platform.keyset.paginator import BoundedListAdmin
from tokens.admin.bot_forms import BotForm, GrantForm, GrantFormSet
from tokens.admin.issue_token import issue_token_page
from tokens.admin.new_credential import new_federation, new_keys
from tokens.admin.new_secret import new_secret, use_of_credential
from tokens.admin.owner import KNOWN, OwnerInput, about_owner, people_to_own
from tokens.admin.records import UndeletableAdmin
from tokens.audiences import console_identifier
from tokens.bots.grants import administers
from tokens.bots.services import (
    confirm_owner,
    disable_bot,
    enable_bot,
    retire_bot,
    save_bot,
)
from tokens.credentials.retirement import evidence_of, rotation_of
from tokens.models import Audience, Bot, Credential, Grant, Stale
from tokens.models.bot import BotQuerySet, stale_reasons_of
from tokens.records.revocation import revoke_tokens_of_bot

if TYPE_CHECKING:
    GrantStackedInline = admin.StackedInline[Grant, Bot]
else:
    GrantStackedInline = admin.StackedInline

# Any reason to call a bot stale.
ANY = "any"


def _with_evidence(bot: Any) -> str:
    """A bot of the list beside what tells whether anybody would miss it."""
    reasons = [reason.label for reason in stale_reasons_of(bot)]
    used = f"last used {bot.last_used_at:%Y-%m-%d %H:%M} UTC" if bot.last_used_at else "never used"
    owned = [f"owner {bot.owner}"] if bot.owner else []
    return f"{bot}: {' · '.join([*reasons, used, *owned])}"


class StaleFilter(admin.SimpleListFilter):
    """Bots that nobody seems to look after: `?stale=any`, or one reason."""

    title = "stale"
    parameter_name = "stale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(ANY, "for any reason"), *Stale.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bot]) -> QuerySet[Bot]:
        asked = self.value()
        if asked is None:
            return queryset
        if asked != ANY and asked not in Stale.values:
            return queryset.none()
        because = None if asked == ANY else Stale(asked)
        return cast("BotQuerySet", queryset).stale(at=timezone.now(), because=because)


class BotStateFilter(StateFilter):
    """Whether a bot works; a retired one never will again."""

    STATES: ClassVar[dict[str, Callable[[Any, datetime], QuerySet[Any]]]] = {
        "enabled": lambda bots, at: bots.enabled(),
        "disabled": lambda bots, at: bots.filter(disabled_at__isnull=False, retired_at=None),
        "retired": lambda bots, at: bots.filter(retired_at__isnull=False),
    }


class SecretEndsFilter(EndsFilter):
    """Bots with a secret that ends then; the last one of those that have ended has left the bot without any."""

    title = "secret ends"
    stopped = "retired_at"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bot]) -> QuerySet[Bot]:
        if self.value() is None:
            return queryset
        secrets = Credential.objects.client_secrets().order_by()
        found = queryset.filter(pk__in=super().queryset(request, secrets).values("bot"))
        if self.value() != "ended":
            return found
        return found.exclude(Exists(secrets.live(at=timezone.now()).filter(bot=OuterRef("pk"))))

    @classmethod
    def ordering(cls, request: HttpRequest) -> tuple[str, ...]:
        """A bot has as many ends as secrets."""
        return ()


class GrantInline(ListsInWords, GrantStackedInline):
    model = Grant
    form = GrantForm
    formset = GrantFormSet
    extra = 0
    fields = ("audience", ("scopes", "roles"))

    def get_formset(self, request: HttpRequest, obj: Bot | None = None, **kwargs: Any) -> Any:
        """The form's own fields, whether or not a page shows some of them in words."""
        return super().get_formset(request, obj, **{"fields": ("audience", "scopes", "roles"), **kwargs})

    def get_extra(self, request: HttpRequest, obj: Bot | None = None, **kwargs: Any) -> int:
        """A new bot is nearly always given one."""
        return 0 if obj else 1

    def _goes_with_the_bot(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("tokens.change_bot") or request.user.has_perm("tokens.add_bot")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the console's own API to superusers only: a grant there makes one."""
        if db_field.name == "audience" and Actor.of(request).is_limited:
            console = console_identifier(settings.BASE_URL)
            kwargs["queryset"] = Audience.objects.exclude(identifier=console)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    has_add_permission = _goes_with_the_bot
    has_change_permission = _goes_with_the_bot
    has_delete_permission = _goes_with_the_bot


@admin.register(Bot)
class BotAdmin(BoundedListAdmin, UndeletableAdmin):
    """Create and change; disable or retire instead of deleting."""

    form = BotForm
    inlines = (GrantInline,)
    list_display = (
        "name",
        "owner",
        "state",
        "stale_because",
        "live_credentials",
        "last_use",
        "secret_ends",
    )
    list_filter = (StaleFilter, BotStateFilter, SecretEndsFilter)
    search_fields = ("name", "owner", "description")
    actions = ("disable", "enable", "confirm_owners", "revoke_tokens", "retire")
    change_form_template = "admin/tokens/bot/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bot]:
        # Asked for the bots of a page; a join would group the credentials of all.
        own = Credential.objects.filter(bot=OuterRef("pk")).order_by()
        now = timezone.now()
        live = own.live(at=now).values("bot").annotate(number=Count("pk")).values("number")
        last = own.values("bot").annotate(last=Max("last_used_at")).values("last")
        ends = own.client_secrets().live(at=now).filter(expires_at__isnull=False).order_by("expires_at")
        bots = cast("BotQuerySet", super().get_queryset(request))
        return bots.with_stale_reasons(at=now).annotate(
            live_count=Coalesce(Subquery(live, output_field=IntegerField()), 0),
            last_used_at=Subquery(last),
            secret_ends_at=Subquery(ends.values("expires_at")[:1]),
        )

    @admin.display(description="state", ordering="disabled_at")
    def state(self, bot: Bot) -> str:
        if bot.retired_at:
            return "retired"
        return "disabled" if bot.disabled_at else "enabled"

    @admin.display(description="stale", empty_value="")
    def stale_because(self, bot: Bot) -> SafeString | None:
        marks = ((reason.label,) for reason in stale_reasons_of(bot))
        return format_html_join(" ", '<span class="mark">{}</span>', marks) or None

    @admin.display(description="secret ends", ordering="secret_ends_at", empty_value="none")
    def secret_ends(self, bot: Any) -> Any:
        """The first end among its secrets; “never” where one has none."""
        return "never" if bot.stale_endless_secret else bot.secret_ends_at

    @admin.display(description="live credentials", ordering="live_count")
    def live_credentials(self, bot: Any) -> int:
        return int(bot.live_count)

    @admin.display(description="last use", ordering="last_used_at")
    def last_use(self, bot: Any) -> Any:
        return bot.last_used_at

    def get_readonly_fields(self, request: HttpRequest, obj: Bot | None = None) -> tuple[str, ...]:
        return ("name", "owner_is", "disabled_at", "disabled_by", "retired_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Bot | None = None) -> tuple[str, ...]:
        fields = ("name", "description", "owner", "allowed_networks", "max_live_tokens")
        return (*fields, "owner_is", "disabled_at", "disabled_by", "retired_at") if obj else fields

    def has_change_permission(self, request: HttpRequest, obj: Bot | None = None) -> bool:
        """A retired bot is nobody's to change, and one that administers this console a superuser's."""
        if obj and (obj.retired_at or (Actor.of(request).is_limited and administers(obj))):
            return False
        return super().has_change_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Callable[..., HttpResponse]] = {
            "secret": new_secret,
            "keys": new_keys,
            "federation": new_federation,
            "token": issue_token_page,
        }
        urls = []
        for name, page in pages.items():
            view = self.admin_site.admin_view(partial(page, self))
            urls.append(path(f"<int:pk>/new-{name}", view, name=f"tokens_bot_new_{name}"))
            if name in ("secret", "token"):
                made = require_safe(view)
                urls.append(
                    path(f"<int:pk>/new-{name}/<uuid:made>", made, name=f"tokens_bot_new_{name}_made")
                )
        use = require_safe(self.admin_site.admin_view(partial(use_of_credential, self)))
        urls.append(path("<int:pk>/use-of/<uuid:which>", use, name="tokens_bot_use_of"))
        people = only_post(self.admin_site.admin_view(partial(people_to_own, self)))
        urls.append(path("people", sensitive_post_parameters("text")(people), name="tokens_bot_people"))
        return urls + super().get_urls()

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Show how the bot proves itself, with the evidence for retiring each, and a rotation, to who may see that."""
        bot = kwargs.get("obj")
        credentials: Any = self.admin_site.get_model_admin(Credential)
        if bot is not None and credentials.has_view_permission(request):
            now = timezone.now()
            evidence = evidence_of(bot, at=now)
            found = list(bot.credentials.filter(pk__in=list(evidence)))
            context["credentials"] = [(credential, evidence[credential.pk]) for credential in found]
            context["rotation"] = rotation_of(found, evidence, at=now)
            context["may_retire"] = credentials.has_act_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Bot, post_url_continue: str | None = None
    ) -> HttpResponse:
        """“Save” leads to the bot, where it is given a secret or a token."""
        if {"_addanother", "_popup"} & request.POST.keys() or not self.has_change_permission(request, obj):
            return super().response_add(request, obj, post_url_continue)
        self.message_user(
            request, f"The bot {obj} is there. Give it a secret, or issue it a token.", messages.SUCCESS
        )
        return redirect("admin:tokens_bot_change", obj.pk)

    def save_model(self, request: HttpRequest, obj: Bot, form: Any, change: bool) -> None:
        """Nothing yet: the bot is written together with its grants."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        grants = None
        for formset in formsets:
            formset.leave_to_service()
            grants = formset.specs()
        bot = save_bot(bot=form.instance, grants=grants, by=Actor.of(request))
        if "owner" in form.changed_data and bot.owner and (said := about_owner(bot)) != KNOWN:
            self.message_user(request, f"The owner {bot.owner}: {said}", messages.WARNING)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "owner" and may_view(User, request):
            people = {"data-people": reverse("admin:tokens_bot_people"), "autocomplete": "off"}
            kwargs["widget"] = OwnerInput(attrs=people)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.action(description="Disable (their tokens stop counting)", permissions=["change"])
    @asks_first(
        "These bots get no tokens any more, and those they hold stop counting, until somebody enables them again. "
        "Nothing is deleted."
    )
    def disable(self, request: HttpRequest, queryset: QuerySet[Bot]) -> None:
        count = sum(disable_bot(bot=bot, by=Actor.of(request)) for bot in queryset)
        self.message_user(request, f"Disabled: {count}.", messages.SUCCESS)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Bot]) -> None:
        for bot in queryset:
            try:
                enable_bot(bot=bot, by=Actor.of(request))
            except DomainError as error:
                self.message_user(request, f"{bot}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{bot}: enabled.", messages.SUCCESS)

    @admin.display(description="account of the owner")
    def owner_is(self, bot: Bot) -> str:
        return about_owner(bot)

    @admin.action(
        description="Confirm the owners (the accounts that have these names now)", permissions=["change"]
    )
    def confirm_owners(self, request: HttpRequest, queryset: QuerySet[Bot]) -> None:
        count = 0
        for bot in queryset:
            try:
                count += confirm_owner(bot=bot, by=Actor.of(request))
            except DomainError as error:
                self.message_user(request, f"{bot}: {error.message}", messages.ERROR)
        self.message_user(request, f"Owners confirmed: {count}.", messages.SUCCESS)

    @admin.action(description="Revoke all their tokens", permissions=["change"])
    @asks_first("Everything that these bots hold will be revoked at once and for good.")
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Bot]) -> None:
        count = sum(revoke_tokens_of_bot(bot=bot, by=Actor.of(request)) for bot in queryset)
        self.message_user(request, f"Tokens revoked: {count}.", messages.SUCCESS)

    @admin.action(description="Retire for good", permissions=["change"])
    @asks_first(
        "These bots will be disabled for good; what is known of them is kept, and their names stay taken. "
        "This cannot be undone.",
        named=_with_evidence,
    )
    def retire(self, request: HttpRequest, queryset: QuerySet[Bot]) -> None:
        count = sum(retire_bot(bot=bot, by=Actor.of(request)) for bot in queryset)
        self.message_user(request, f"Retired: {count}.", messages.SUCCESS)
