"""Signing keys in admin: their public half and their life, and the page that brings in one from elsewhere."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import AnyModelAdmin, asks_first
from ssoconsole.platform.errors import DomainError
from tokens.admin.records import RecordAdmin
from tokens.keys.importing import import_signing_key
from tokens.keys.services import compromise_signing_key, rotate_signing_key, rotation_possible_from
from tokens.models import SigningKey
from tokens.protocol.key_file import LARGEST_FILE


class ImportKeyForm(forms.Form):
    """A file, what its tokens call the key, and what it is for."""

    file = forms.FileField(help_text="The key in PEM or DER, private or public, without a passphrase.")
    kid = forms.CharField(
        required=False,
        max_length=255,
        label="Key id",
        help_text="The kid in the header of its tokens (JWT_KEY_ID of an OpenMetadata server); empty: its thumbprint.",
    )
    sign = forms.BooleanField(
        required=False,
        label="Let it be the next to sign",
        help_text="From the next rotation on. Otherwise it only verifies, and its private half is not kept.",
    )
    verify_until = forms.SplitDateTimeField(
        required=False,
        help_text="UTC; the end of the last token it has signed elsewhere. Empty for no end.",
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": "Day"},
            time_attrs={"type": "time", "aria-label": "Time"},
        ),
    )


def import_key(model_admin: AnyModelAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for the file, then say what the key does now. Needs the rights to change and to add signing keys."""
    if not request.user.has_perms(["tokens.change_signingkey", "tokens.add_signingkey"]):
        raise PermissionDenied
    form = ImportKeyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            key = import_signing_key(
                raw=data["file"].read(LARGEST_FILE + 1),
                kid=data["kid"],
                sign=data["sign"],
                verify_until=data["verify_until"],
                by=Actor.of(request),
            )
        except DomainError as error:
            form.add_error(None, " ".join(filter(None, [error.message, error.expected])))
        else:
            state = key.state(at=timezone.now())
            model_admin.message_user(request, f"{key.kid} is imported: {state}.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:tokens_signingkey_change", args=[key.pk]))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Import a signing key",
        "form": form,
        "opts": model_admin.opts,
    }
    response = TemplateResponse(request, "admin/tokens/signingkey/import.html", context)
    response["Cache-Control"] = "no-store"
    return response


@admin.register(SigningKey)
class SigningKeyAdmin(RecordAdmin):
    """Read, rotate, take out."""

    list_display = ("kid", "alg", "current_state", "created_at", "signing_from", "verify_until")
    list_filter = ("alg",)
    fields = (
        "kid",
        "alg",
        "current_state",
        "public_jwk",
        "created_at",
        "signing_from",
        "retired_at",
        "verify_until",
        "compromised_at",
    )
    readonly_fields = fields
    actions = ("rotate", "compromise")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(lambda request: import_key(self, request))
        return [path("import", view, name="tokens_signingkey_import"), *super().get_urls()]

    @admin.display(description="state")
    def current_state(self, key: SigningKey) -> str:
        return key.state(at=timezone.now())

    @admin.action(description="Rotate: let the next key of the algorithm sign", permissions=["act"])
    @asks_first(
        "The next key of each of these algorithms will sign from now on. "
        "The old one goes on verifying what it has signed."
    )
    def rotate(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        for alg in sorted({key.alg for key in queryset}):
            self._rotate(request, alg)

    def _rotate(self, request: HttpRequest, alg: str) -> None:
        since = rotation_possible_from(alg=alg)
        if since > timezone.now():
            from_then_on = f"from {since:%Y-%m-%d %H:%M:%S} UTC on"
            told = f"{alg}: not yet. The next key is too new for every API to have it; {from_then_on}."
            self.message_user(request, told, messages.WARNING)
            return
        key = rotate_signing_key(alg=alg, by=Actor.of(request))
        self.message_user(request, f"{alg}: {key.kid} signs now.", messages.SUCCESS)

    @admin.action(description="Compromised: take out at once", permissions=["act"])
    @asks_first("Every token that these keys have signed will be dead at once. This cannot be undone.")
    def compromise(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        for key in list(queryset):
            compromise_signing_key(kid=key.kid, by=Actor.of(request))
            self.message_user(request, f"{key.kid} is out.", messages.WARNING)
