"""The admin of identity providers: the list, the form with the place of each field in it, and what a save does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import BaseForm
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from providers.admin.attempts import MEND, mend_in
from providers.admin.client_keys import client_keys_panel, rotate_client_keys
from providers.admin.credentials import SECRET, keep_secret, with_kept_secret
from providers.admin.drift import drift_section, drift_urls
from providers.admin.forms import ProviderForm, extra_fields
from providers.admin.guides import guides
from providers.admin.health import health_of
from providers.admin.history import history_urls
from providers.admin.openmetadata import openmetadata_urls
from providers.admin.panels import (
    cautions_mark,
    flow_mark,
    metadata_panel,
    preflight_urls,
    progress_of,
    starting_points,
)
from providers.admin.registering import RegisteringAdmin
from providers.admin.rehearsing import ReplayingAdmin, rehearsing_context, replaying_context
from providers.admin.trial import trial_banner, trial_mark
from providers.drift.pending import undecided
from providers.drift.watch import look_again
from providers.errors import REFUSALS, ProviderUnknown
from providers.kinds import kind_of
from providers.models import DiscoveryDrift, Provider
from providers.registration import services
from providers.registration.cautions import standing_cautions
from providers.registration.errors import RegistrationInvalid, RehearsalRequired
from ssoconsole.platform.actors import Actor, SuperuserRequired
from ssoconsole.platform.admin_base import asks_first

CLIENT = (
    "client_id",
    "client_secret",
    "client_secret_expires_at",
    "remove_client_secret",
    "token_endpoint_auth_method",
    "assertion_audience",
)
FLOW = ("response_type", "scopes", "pkce", "pushed_authorization", "callback", "signing_algs")
WHO_MAY_ENTER = ("allowed_email_domains", "self_signup", "link_by_verified_email", "admin_principals")
CLAIMS = ("principal_claims", "mapping", "group_rules")
SESSIONS = ("session_lifetime", "session_refresh", "session_check_every")
CREDENTIALS = ("credentials_json", "credentials_file")
BUTTON = ("icon", "order")
FACTORS = ("acr_values", "required_acr", "required_amr", "admin_required_acr", "admin_required_amr")
ADVANCED = (
    "prompt",
    "max_age",
    "leeway",
    "userinfo",
    "trusted_audiences",
    "extra_params",
    "signout_params",
)

FLOW_NOTE = (
    "“code” is the flow to choose. “id_token” is legacy: tokens travel through the browser, and there is no "
    "client authentication. Not offered, because they are weaker and gain nothing: “id_token token”, the hybrid "
    "flows, and answers in the fragment of an address, which no server sees."
)
FACTORS_NOTE = (
    "Demand what the provider says of the authentication, such as a second factor: its acr (an authentication "
    "context) and amr (the methods that were used). What is demanded must come back in the ID token."
)
SESSIONS_NOTE = (
    "A session also ends when the provider says so by back-channel logout, server to server. Front-channel "
    "logout is not offered: browsers no longer send the cookies that it would need."
)
NOT_ENABLED = (
    "not enabled, because nobody has come in through it as it is now. Follow “draft” in its row, or press "
    "“Rehearse sign-in” in its form; once that has succeeded, it can be enabled for 30 minutes. There it "
    "can also be enabled anyway."
)
NOBODY_YET = (
    "Nobody has signed in through this provider yet; “Rehearse sign-in” tries it, and changes nothing."
)


def fieldsets(*, stored: bool, panels: Sequence[str]) -> list[Any]:
    """The panels speak of a row that is there; the links to start from, of one that is not."""
    basics = ("kind", *extra_fields(), "name", "slug", "issuer", "enabled")
    begin = {} if stored else {"description": starting_points()}
    sets = [
        ("Basics", {"fields": basics, **begin}),
        ("Client", {"fields": CLIENT}),
        ("Import credentials", {"fields": CREDENTIALS, "classes": ("collapse",)}),
        ("Flow", {"fields": FLOW, "description": FLOW_NOTE}),
        ("Who may enter", {"fields": WHO_MAY_ENTER}),
        ("Claims", {"fields": CLAIMS}),
        ("How they authenticate", {"fields": FACTORS, "classes": ("collapse",), "description": FACTORS_NOTE}),
        ("Sessions", {"fields": SESSIONS, "description": SESSIONS_NOTE}),
        ("Sign-in button", {"fields": BUTTON}),
        ("Advanced", {"fields": ADVANCED, "classes": ("collapse",)}),
    ]
    if stored:
        sets.append(("Published", {"fields": tuple(panels)}))
        sets.append(("This change", {"fields": ("trial", "seen")}))
    return sets


def readable(sets: list[Any], *, panels: Sequence[str]) -> list[Any]:
    """
    Leave what is stored and may be seen.

    To who may only look, Django's admin shows the values of the row, and the row knows the client secret.
    """
    seen = {*ProviderForm.Meta.fields, *panels}
    kept = [
        (title, {**options, "fields": tuple(name for name in options["fields"] if name in seen)})
        for title, options in sets
    ]
    return [(title, options) for title, options in kept if options["fields"]]


@admin.register(Provider)
class ProviderAdmin(RegisteringAdmin, ReplayingAdmin):
    """Every write goes through the registration's services; a provider in use is disabled, not deleted."""

    form = ProviderForm
    list_display = ("name", "slug", "kind", "issuer", "flow", "enabled", "on_trial", "warnings", "fetched")
    list_filter = ("enabled", "kind")
    search_fields = ("name", "slug", "issuer")
    readonly_fields = ("metadata", "client_keys")
    actions = ("enable", "disable", "refresh_metadata", rotate_client_keys)

    class Media:
        js = ("js/copy.js", "js/provider-form.js")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        """With what the warnings of a row need to know of the others, in the same query."""
        others = Provider.objects.enabled().exclude(pk=OuterRef("pk"))
        drafts = Provider.objects.drafts().filter(pk=OuterRef("pk"))
        waiting = DiscoveryDrift.objects.undecided().filter(provider=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(others_enabled=Exists(others), has_changed=Exists(waiting), is_draft=Exists(drafts))
        )

    @admin.display(description="Flow", ordering="response_type")
    def flow(self, provider: Provider) -> SafeString:
        return flow_mark(provider)

    @admin.display(description="Draft or on trial", ordering="trial_ends_at")
    def on_trial(self, provider: Provider) -> SafeString | str:
        if not _is_draft(provider):
            return trial_mark(provider)
        url = reverse("admin:providers_provider_register_draft", args=[provider.pk])
        return format_html('<a class="mark" href="{}">draft</a>', url)

    @admin.display(description="Warnings")
    def warnings(self, provider: Provider) -> SafeString:
        has_changed = bool(getattr(provider, "has_changed", False))  # as below
        return cautions_mark(provider, others_enabled=_others_enabled(provider), has_changed=has_changed)

    @admin.display(description="Metadata")
    def metadata(self, provider: Provider) -> SafeString:
        return metadata_panel(provider)

    @admin.display(description="Metadata of", ordering="discovery_fetched_at", empty_value="none yet")
    def fetched(self, provider: Provider) -> datetime | None:
        return provider.discovery_fetched_at

    @admin.display(description="Client keys")
    def client_keys(self, provider: Provider) -> SafeString:
        return client_keys_panel(provider)

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        """The panel speaks of a row that is there; the links to start from, of one that is not."""
        sets = fieldsets(stored=obj is not None, panels=self.readonly_fields)
        if MEND in request.GET:  # the field to mend may be in a part that is folded
            sets = [(title, {**options, "classes": ()}) for title, options in sets]
        return sets if self.may_write(request, obj) else readable(sets, panels=self.readonly_fields)

    def get_form(
        self, request: HttpRequest, obj: Provider | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The fields are the form's own list: those that kinds add are unknown to the model."""
        return super().get_form(request, obj, change=change, **{**kwargs, "fields": ProviderForm.Meta.fields})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The model's defaults, which declared form fields know nothing of; `?kind=` brings that kind's."""
        blank = model_to_dict(Provider(enabled=False), fields=ProviderForm.Meta.fields)
        try:
            kind = kind_of(request.GET.get("kind", ""))
        except ProviderUnknown:
            return blank
        return {**blank, "kind": kind.key, **kind.defaults}

    @method_decorator(sensitive_post_parameters("client_secret", "credentials_json"))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Outside a transaction: a slow provider would keep the database locked while it is asked."""
        if request.method == "POST":
            request.POST = with_kept_secret(request, uses=True)  # type: ignore[assignment]  # a QueryDict, as before
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        # What counts when the form is judged may not a moment later.
        except (RegistrationInvalid, RehearsalRequired, SuperuserRequired) as refused:
            reason = refused.message
        self.message_user(request, f"Not saved. {reason}", messages.ERROR)
        return HttpResponseRedirect(request.path)

    def get_urls(self) -> list[URLPattern]:
        pages = [preflight_urls, history_urls, drift_urls, openmetadata_urls]
        return [*(url for urls in pages for url in urls(self)), *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Provider | None = None,
    ) -> HttpResponse:
        """With the guide beside the form, and above it whatever should be known of the stored registration."""
        form = context["adminform"].form
        if self.may_write(request, obj):
            context["mend"] = mend_in(form, request)
        if form.is_bound and form.errors:
            keep_secret(request, form, form.cleaned_data.get(SECRET))
        context["guides"] = guides(obj or Provider(), form if self.may_write(request, obj) else None)
        if self.may_write(request, obj):
            context |= {**rehearsing_context(obj), **replaying_context(request, obj)}
        if obj is not None and not form.errors:
            context["trial"] = trial_banner(obj)
            context["cautions"] = standing_cautions(obj, others_enabled=_others_enabled(obj))
            context["drift"] = drift_section(obj)
            context["health"] = health_of(obj, request)
            if _is_draft(obj):
                context["progress"] = progress_of(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: Provider, form: BaseForm, change: bool) -> None:
        metadata = form.metadata if isinstance(form, ProviderForm) else None
        warnings = services.save_provider(
            provider=obj,
            by=Actor.of(request),
            metadata=metadata,
            trial=form.cleaned_data.get("trial"),
            anyway=bool(form.cleaned_data.get("anyway")),
            draft=not change and not obj.enabled,
        )
        if isinstance(form, ProviderForm):
            warnings = [*warnings, *form.imported.warnings(obj)]
        for warning in warnings:
            self.message_user(request, warning, messages.WARNING)
        if not change and obj.enabled:
            self.message_user(request, NOBODY_YET, messages.INFO)

    def response_add(
        self, request: HttpRequest, obj: Provider, post_url_continue: str | None = None
    ) -> HttpResponse:
        """“Save” leads from a draft to what is left to do."""
        if obj.enabled or {"_continue", "_addanother"} & request.POST.keys():
            return super().response_add(request, obj, post_url_continue)
        return redirect("admin:providers_provider_register_draft", obj.pk)

    def response_change(self, request: HttpRequest, obj: Provider) -> HttpResponse:
        """“Save and refresh metadata” stays on the page."""
        if "_refresh_metadata" in request.POST:
            self._refresh(request, obj)
            return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever registers a provider decides who comes in as a superuser."""
        return super().has_add_permission(request) and not Actor.of(request).is_limited

    def has_delete_permission(self, request: HttpRequest, obj: Provider | None = None) -> bool:
        """Only what nothing refers to can go."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not services.is_in_use(obj))

    def delete_model(self, request: HttpRequest, obj: Provider) -> None:
        services.delete_provider(provider=obj, by=Actor.of(request))

    def get_actions(self, request: HttpRequest) -> Any:
        """One at a time and with a reason: there is no deleting of selected rows."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description="Enable the selected providers", permissions=["change"])
    def enable(self, request: HttpRequest, providers: QuerySet[Provider]) -> None:
        by, changed = Actor.of(request), 0
        for provider in providers:
            try:
                changed += services.enable_provider(provider=provider, by=by)
            except RehearsalRequired:
                self.message_user(request, f"{provider}: {NOT_ENABLED}", messages.ERROR)
            except SuperuserRequired as required:
                self.message_user(request, f"{provider}: {required.message}", messages.ERROR)
        self.message_user(request, f"Providers enabled: {changed}.", messages.SUCCESS)

    @admin.action(description="Disable the selected providers and end their sessions", permissions=["change"])
    @asks_first("Nobody comes in through these providers any more, and the sessions from there end at once.")
    def disable(self, request: HttpRequest, providers: QuerySet[Provider]) -> None:
        by = Actor.of(request)
        changed = sum(services.disable_provider(provider=provider, by=by) for provider in providers)
        self.message_user(request, f"Providers disabled: {changed}.", messages.SUCCESS)

    @admin.action(description="Refresh the metadata of the selected providers", permissions=["change"])
    def refresh_metadata(self, request: HttpRequest, providers: QuerySet[Provider]) -> None:
        for provider in providers:
            self._refresh(request, provider)

    def _refresh(self, request: HttpRequest, provider: Provider) -> None:
        try:
            changed = look_again(provider=provider, by=Actor.of(request))
        except REFUSALS as refused:
            reason = f"{refused.message} Expected {refused.expected}, received {refused.received}."
            self.message_user(request, f"{provider}: {reason}", messages.ERROR)
            return
        if undecided(provider):
            told = "it names other endpoints than those in use. Adopt or refuse them on its page."
            self.message_user(request, f"{provider}: {told}", messages.WARNING)
            return
        news = "new metadata was fetched" if changed else "the metadata is unchanged"
        self.message_user(request, f"{provider}: {news}.", messages.SUCCESS)


def _is_draft(provider: Provider) -> bool:
    """As below."""
    return bool(getattr(provider, "is_draft", False))


def _others_enabled(provider: Provider) -> bool:
    """What the query of the admin has found; it is no field of the model."""
    return bool(getattr(provider, "others_enabled", False))
