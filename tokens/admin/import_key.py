"""The page that brings in a signing key from elsewhere."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import AnyModelAdmin
from ssoconsole.platform.errors import DomainError
from tokens.keys.importing import import_signing_key
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
