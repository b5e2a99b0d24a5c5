"""“Add provider”: from an address to a provider that people sign in through, in four steps."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import HiddenInput
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from providers.admin.credentials import SECRET, keep_secret, with_kept_secret
from providers.admin.forms import ProviderForm
from providers.admin.guides import guides
from providers.admin.panels import progress_of
from providers.admin.rehearsing import PAGE, RehearsingAdmin
from providers.diagnosis.services import check_provider
from providers.errors import ProviderUnknown
from providers.kinds import Kind, all_kinds, kind_of
from providers.kinds.custom_oidc import CustomOidc
from providers.models import Provider
from providers.registration import services
from providers.registration.beginning import begin_registration, of_kind
from providers.registration.errors import RegistrationInvalid, RehearsalRequired
from providers.registration.writing import refuse_problems
from providers.rehearsal.leaving import leave_for_rehearsal
from providers.rehearsal.services import fresh_rehearsal, start_rehearsal
from ssoconsole.platform.actors import Actor, SuperuserRequired

STEPS = ("Its address", "The client", "Try it", "Switch it on")
NAME = "providers_provider_register"
CLIENT = ("client_id", SECRET, "token_endpoint_auth_method", "name", "slug")
READ = ("kind", "issuer", "signing_algs")
HELP = {
    "client_id": "What the provider calls the application that you have registered there for this console.",
    SECRET: "Kept encrypted, and never shown. A public client has none: choose none below.",
    "name": "What the sign-in page calls it.",
    "slug": "Part of its addresses, such as the redirect URI. Left empty, it follows the name.",
}
ISSUER = "Paste it from the provider, or the address of its discovery document."
CREDENTIALS = ("credentials_json", "credentials_file")


class RegisterForm(ProviderForm):
    """What only a person knows of a new registration; the rest is what its kind and its provider say."""

    class Meta(ProviderForm.Meta):
        fields = tuple(name for name in (*CLIENT, *READ) if name != SECRET)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() - {*CLIENT, *READ}:
            del self.fields[name]
        self.fields["kind"].widget = HiddenInput()
        for name, text in HELP.items():
            self.fields[name].help_text = text
            self.fields[name].widget.attrs["size"] = 40


class RegisteringAdmin(RehearsingAdmin):
    """A provider that is registered in this way is a draft until it was rehearsed, or somebody says “anyway”."""

    add_page = f"admin:{NAME}"

    def get_urls(self) -> list[URLPattern]:
        return [
            path("register", self.page(self.register), name=NAME),
            path("<uuid:pk>/register", self.page(self.draft), name=f"{NAME}_draft"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters(SECRET, "credentials_json"))
    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def register(self, request: HttpRequest) -> HttpResponse:
        """The address, then the client. What is read at the address is in the page of the client, and kept nowhere."""
        if not self.has_add_permission(request):
            raise Http404
        asked = request.POST if request.method == "POST" else request.GET
        try:
            kind = kind_of(asked.get("kind", ""))
        except ProviderUnknown:
            kind = kind_of(CustomOidc.key)
        if request.method != "POST":
            return self._address(request, kind)
        return self._save(request, kind) if "client_id" in asked else self._begin(request, kind)

    def _begin(self, request: HttpRequest, kind: Kind) -> HttpResponse:
        """Read what the provider publishes, and ask for the client, with what downloaded credentials say of it."""
        posted = request.POST.copy()
        posted.setdefault("token_endpoint_auth_method", of_kind(kind).token_endpoint_auth_method)
        form = ProviderForm(posted, request.FILES)
        named = form.imported.values
        if form.imported.errors:
            return self._address(request, kind, {name: [said] for name, said in form.imported.errors.items()})
        try:
            asked = ("issuer", *kind.extra_fields)
            begun = begin_registration(kind, {name: str(form[name].value() or "") for name in asked})
        except RegistrationInvalid as invalid:
            return self._address(request, kind, invalid.problems)
        provider = begun.provider
        provider.client_id = named.get("client_id", "")
        if "token_endpoint_auth_method" in named:
            provider.token_endpoint_auth_method = named["token_endpoint_auth_method"]
        client = RegisterForm(instance=provider)
        keep_secret(request, client, named.get(SECRET))
        told = [*begun.notes, *begun.metadata.warnings, *form.imported.warnings(provider)]
        return self._client(request, client, told)

    def _save(self, request: HttpRequest, kind: Kind) -> HttpResponse:
        form = RegisterForm(with_kept_secret(request, uses=True), instance=of_kind(kind))
        if not form.is_valid():
            keep_secret(request, form, form.cleaned_data.get(SECRET))
            return self._client(request, form, [])
        provider = form.save(commit=False)
        by = Actor.of(request)
        try:
            warnings = services.save_provider(provider=provider, by=by, metadata=form.metadata, draft=True)
        except RegistrationInvalid as invalid:  # the slug was free when the form was judged
            keep_secret(request, form, form.cleaned_data.get(SECRET))
            form.add_problems(invalid.problems)
            return self._client(request, form, [])
        for warning in warnings:
            messages.warning(request, warning)
        return redirect(f"admin:{NAME}_draft", provider.pk)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def draft(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Check and rehearse a provider as it is stored, and switch it on; each by a button of its own."""
        provider = self.get_object(request, str(pk))
        if provider is None or not self.may_write(request, provider):
            raise Http404
        by, do, report = Actor.of(request), request.POST.get("do", ""), None
        try:
            if do == "try":
                report = check_provider(provider=provider, by=by)
            if do == "rehearse" or (report and report.ok):
                refuse_problems(provider)
                rehearsal = start_rehearsal(provider=provider, stored=provider, user=request.user)  # type: ignore[arg-type]  # `page` lets in users only
                return leave_for_rehearsal(request, rehearsal, page=reverse(PAGE, args=[rehearsal.pk]))
            if do in ("on", "anyway"):
                services.enable_provider(provider=provider, by=by, anyway=do == "anyway")
                return redirect(f"admin:{NAME}_draft", provider.pk)
        except (RegistrationInvalid, RehearsalRequired, SuperuserRequired) as refused:
            messages.error(
                request,
                f"{refused.message} Expected {refused.expected}." if refused.expected else refused.message,
            )
        rehearsed = fresh_rehearsal(provider, at=timezone.now())
        context = {
            "title": f"{provider}: {'it is on' if provider.enabled else 'try it, and switch it on'}",
            "at": 4 if provider.enabled or rehearsed else 3,
            "report": report,
            "rehearsed": rehearsed,
            "progress": progress_of(provider),
            "guides": guides(provider, None),
        }
        return self._page(request, context, provider)

    def _address(
        self, request: HttpRequest, kind: Kind, problems: dict[str, list[str]] | None = None
    ) -> HttpResponse:
        """Ask for the issuer, or for what this kind has instead."""
        form = ProviderForm(
            initial={name: request.POST.get(name, "") for name in ("issuer", *kind.extra_fields)}
        )
        names = tuple(kind.extra_fields) or ("issuer",)
        form.fields[names[0]].widget.attrs |= {"autofocus": True, "size": 60}
        form.fields["issuer"].help_text = ISSUER
        problems = problems or {}
        asked = [(form[name], problems.pop(name, [])) for name in (*names, *CREDENTIALS)]
        context = {
            "title": "Add a provider",
            "at": 1,
            "kind": kind,
            "kinds": all_kinds().values(),
            "asked": asked[: len(names)],
            "credentials": asked[len(names) :],
            "others": [said for found in problems.values() for said in found],
        }
        return self._page(request, context, None)

    def _client(self, request: HttpRequest, form: RegisterForm, told: list[str]) -> HttpResponse:
        """Ask for the client, beside what to do at the provider."""
        first = next((name for name in CLIENT if name in form.errors), CLIENT[0])
        form.fields[first].widget.attrs["autofocus"] = True
        context = {
            "title": "Add a provider",
            "at": 2,
            "form": form,
            "client": [form[name] for name in CLIENT],
            "read": [form[name] for name in READ if name != "kind"],
            "told": told,
            "add": True,
            "guides": [guide for guide in guides(form.instance, form) if guide["open"]],
        }
        return self._page(request, context, None)

    def _page(self, request: HttpRequest, context: dict[str, Any], provider: Provider | None) -> HttpResponse:
        response = self.answer(request, "register", {"steps": STEPS, **context}, provider)
        response["Cache-Control"] = "no-store"
        return response
