"""Registering identity providers."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import BaseForm
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString

from providers.admin.forms import ProviderForm, extra_fields
from providers.admin.panels import metadata_panel, setup_panel, starting_points
from providers.errors import ProviderUnknown, SignInRefused
from providers.kinds import kind_of
from providers.metadata.services import refresh_discovery
from providers.models import Provider
from providers.registration import services
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
ADVANCED = ("prompt", "max_age", "leeway", "extra_params", "icon", "order")


@admin.register(Provider)
class ProviderAdmin(ProviderModelAdmin):
    """Every write goes through the registration's services; a provider in use is disabled, not deleted."""

    form = ProviderForm
    list_display = ("name", "slug", "kind", "issuer", "enabled", "discovery_fetched_at")
    list_filter = ("enabled", "kind")
    search_fields = ("name", "slug", "issuer")
    readonly_fields = ("setup", "metadata")
    actions = ("enable", "disable", "refresh_metadata")
    # The Enter key presses the first button of the form, which must not be that of the metadata panel.
    save_on_top = True

    class Media:
        js = ("js/copy.js",)

    @admin.display(description="To enter at the provider")
    def setup(self, provider: Provider) -> SafeString:
        return setup_panel(provider)

    @admin.display(description="Metadata")
    def metadata(self, provider: Provider) -> SafeString:
        return metadata_panel(provider)

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        """The panels speak of a row that is there; the links to start from, of one that is not."""
        basics = ("kind", *extra_fields(), "name", "slug", "issuer", "enabled")
        begin = {} if obj else {"description": starting_points()}
        sets = [
            ("Basics", {"fields": basics, **begin}),
            ("Client", {"fields": CLIENT}),
            ("Flow", {"fields": FLOW}),
            ("Who may enter", {"fields": WHO_MAY_ENTER}),
            ("Claims", {"fields": CLAIMS}),
            ("Sessions", {"fields": SESSIONS}),
            ("Advanced", {"fields": ADVANCED, "classes": ("collapse",)}),
        ]
        return [("At the provider", {"fields": self.readonly_fields}), *sets] if obj else sets

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

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Outside a transaction: a slow provider would keep the database locked while it is asked."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Provider, form: BaseForm, change: bool) -> None:
        metadata = form.metadata if isinstance(form, ProviderForm) else None
        warnings = services.save_provider(provider=obj, by=Actor.of(request), metadata=metadata)
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
