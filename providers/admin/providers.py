"""Registering identity providers."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import BaseForm
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from providers.admin.client_keys import client_keys_panel, rotate_client_keys
from providers.admin.forms import ProviderForm, extra_fields
from providers.admin.guides import guides
from providers.admin.openmetadata import openmetadata_urls
from providers.admin.panels import cautions_mark, flow_mark, metadata_panel, starting_points
from providers.errors import ProviderUnknown, SignInRefused
from providers.kinds import kind_of
from providers.metadata.services import refresh_discovery
from providers.models import Provider
from providers.registration import services
from providers.registration.cautions import standing_cautions
from ssoconsole.actors import Actor

if TYPE_CHECKING:
    ProviderModelAdmin = admin.ModelAdmin[Provider]
else:
    ProviderModelAdmin = admin.ModelAdmin

CLIENT = (
    "client_id",
    "client_secret",
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
ADVANCED = ("prompt", "max_age", "leeway", "extra_params")

FLOW_NOTE = (
    "“code” is the flow to choose. “id_token” is legacy: tokens travel through the browser, and there is no "
    "client authentication. Not offered, because they are weaker and gain nothing: “id_token token”, the hybrid "
    "flows, and answers in the fragment of an address, which no server sees."
)
SESSIONS_NOTE = (
    "A session also ends when the provider says so by back-channel logout, server to server. Front-channel "
    "logout is not offered: browsers no longer send the cookies that it would need."
)


@admin.register(Provider)
class ProviderAdmin(ProviderModelAdmin):
    """Every write goes through the registration's services; a provider in use is disabled, not deleted."""

    form = ProviderForm
    list_display = ("name", "slug", "kind", "issuer", "flow", "enabled", "warnings", "fetched")
    list_filter = ("enabled", "kind")
    search_fields = ("name", "slug", "issuer")
    readonly_fields = ("metadata", "client_keys")
    actions = ("enable", "disable", "refresh_metadata", rotate_client_keys)
    # The Enter key presses the first button of the form, which must not be that of the metadata panel.
    save_on_top = True

    class Media:
        js = ("js/copy.js", "js/provider-form.js")

    def get_urls(self) -> Any:
        return [*openmetadata_urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        """With what the warnings of a row need to know of the others, in the same query."""
        others = Provider.objects.enabled().exclude(pk=OuterRef("pk"))
        return super().get_queryset(request).annotate(others_enabled=Exists(others))

    @admin.display(description="Flow", ordering="response_type")
    def flow(self, provider: Provider) -> SafeString:
        return flow_mark(provider)

    @admin.display(description="Warnings")
    def warnings(self, provider: Provider) -> SafeString:
        return cautions_mark(provider, others_enabled=_others_enabled(provider))

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
        basics = ("kind", *extra_fields(), "name", "slug", "issuer", "enabled")
        begin = {} if obj else {"description": starting_points()}
        sets = [
            ("Basics", {"fields": basics, **begin}),
            ("Client", {"fields": CLIENT}),
            ("Import credentials", {"fields": CREDENTIALS, "classes": ("collapse",)}),
            ("Flow", {"fields": FLOW, "description": FLOW_NOTE}),
            ("Who may enter", {"fields": WHO_MAY_ENTER}),
            ("Claims", {"fields": CLAIMS}),
            ("Sessions", {"fields": SESSIONS, "description": SESSIONS_NOTE}),
            ("Sign-in button", {"fields": BUTTON}),
            ("Advanced", {"fields": ADVANCED, "classes": ("collapse",)}),
        ]
        if obj:
            sets.append(("Published", {"fields": self.readonly_fields}))
        return sets if self._may_write(request, obj) else _readable(sets)

    def _may_write(self, request: HttpRequest, obj: Provider | None) -> bool:
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    def get_form(
        self, request: HttpRequest, obj: Provider | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The fields are the form's own list: those that kinds add are unknown to the model."""
        return super().get_form(request, obj, change=change, **{**kwargs, "fields": ProviderForm.Meta.fields})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The model's defaults, which declared form fields know nothing of; `?kind=` brings that kind's."""
        blank = model_to_dict(Provider(), fields=ProviderForm.Meta.fields)
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
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

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
        context["guides"] = guides(obj or Provider(), form if self._may_write(request, obj) else None)
        if obj is not None and not form.errors:
            context["cautions"] = standing_cautions(obj, others_enabled=_others_enabled(obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: Provider, form: BaseForm, change: bool) -> None:
        metadata = form.metadata if isinstance(form, ProviderForm) else None
        warnings = services.save_provider(provider=obj, by=Actor.of(request), metadata=metadata)
        if isinstance(form, ProviderForm):
            warnings = [*warnings, *form.imported.warnings(obj)]
        for warning in warnings:
            self.message_user(request, warning, messages.WARNING)

    def response_change(self, request: HttpRequest, obj: Provider) -> HttpResponse:
        """“Save and refresh metadata” stays on the page."""
        if "_refresh_metadata" in request.POST:
            self._refresh(request, obj)
            return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

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
        by = Actor.of(request)
        changed = sum(services.enable_provider(provider=provider, by=by) for provider in providers)
        self.message_user(request, f"Providers enabled: {changed}.", messages.SUCCESS)

    @admin.action(description="Disable the selected providers and end their sessions", permissions=["change"])
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
            changed = refresh_discovery(provider=provider, by=Actor.of(request))
        except SignInRefused as refused:
            reason = f"{refused.message} Expected {refused.expected}, received {refused.received}."
            self.message_user(request, f"{provider}: {reason}", messages.ERROR)
            return
        news = "new metadata was fetched" if changed else "the metadata is unchanged"
        self.message_user(request, f"{provider}: {news}.", messages.SUCCESS)


def _readable(sets: list[Any]) -> list[Any]:
    """
    Leave what is stored and may be seen.

    To who may only look, Django's admin shows the values of the row, and the row knows the client secret.
    """
    seen = {*ProviderForm.Meta.fields, *ProviderAdmin.readonly_fields}
    kept = [
        (title, {**options, "fields": tuple(name for name in options["fields"] if name in seen)})
        for title, options in sets
    ]
    return [(title, options) for title, options in kept if options["fields"]]


def _others_enabled(provider: Provider) -> bool:
    """What the query of the admin has found; it is no field of the model."""
    return bool(getattr(provider, "others_enabled", False))
