"""The client's secret in the form of a registration: typed, kept over a mistake, or out of downloaded credentials."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from providers.models import Provider
from providers.protocol.credentials_json import (
    LARGEST,
    ClientCredentials,
    CredentialsRefused,
    read_credentials,
)
from ssoconsole.platform.accounts.shown_once import keep_for_one_look, look_once, peek

PASTED = "credentials_json"
UPLOADED = "credentials_file"

SECRET, KEPT = "client_secret", "client_secret_kept"
IS_KEPT = (
    "What you gave is kept, encrypted and for five minutes, until the next time you save: leave this empty to use "
    "it, or type another. To do neither, open the page again."
)
NOT_KEPT = (
    "What was typed here is not kept any more: enter it again, or leave it empty to keep what is stored."
)


class SecretInput(forms.PasswordInput):
    """Never shows what was typed; `kept` is the name under which it waits for the rest of the form to be right."""

    kept = ""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        line = super().render(name, value, attrs, renderer)
        if not self.kept:
            return line
        return format_html('{}<input type="hidden" name="{}" value="{}">', line, KEPT, self.kept)


class SecretTextarea(forms.Textarea):
    """A text area that never shows what was typed into it: there is a secret in it."""

    def format_value(self, value: Any) -> str | None:
        return None


@dataclass
class Import:
    """What came of it: values for empty fields, errors by field, and what to tell after saving."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict)
    redirect_uris: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def warnings(self, provider: Provider) -> list[str]:
        """Return what the file says that does not fit the registration as it was saved."""
        warnings, ours = list(self.notes), provider.redirect_uri
        if self.redirect_uris is not None and not any(_covers(uri, ours) for uri in self.redirect_uris):
            warnings.append(f"The file's redirect URIs do not have {ours}: register it at the provider.")
        return warnings


def with_kept_secret(request: HttpRequest, *, uses: bool) -> QueryDict:
    """
    Return the form that was posted, with the secret that was typed into it when it had a mistake.

    With `uses` it is not kept any longer. One that is not kept any more is for the form to tell.
    """
    posted = request.POST
    if not is_left_to_kept(posted):
        return posted
    try:
        key = uuid.UUID(posted[KEPT])
    except ValueError:
        return posted
    if seen := (look_once if uses else peek)(request, key, about=Provider):
        filled = posted.copy()
        filled[SECRET] = seen[0]
        return filled
    return posted


def is_left_to_kept(posted: Any) -> bool:
    """Tell whether a form means the secret that was typed before."""
    return bool(posted.get(KEPT) and not posted.get(SECRET) and not posted.get("remove_client_secret"))


def keep_secret(request: HttpRequest, form: "forms.ModelForm[Provider]", secret: str | None) -> None:
    """Let the page of a form say that a secret is kept for it, which was typed or pasted, if any was."""
    widget = form.fields[SECRET].widget
    if secret and isinstance(widget, SecretInput):
        widget.kept = str(keep_for_one_look(request, secret, about=form.instance))
        form[SECRET].help_text = IS_KEPT


def import_credentials(form: "forms.ModelForm[Provider]") -> Import:
    """
    Read the credentials that were posted with `form`, if any, and compare them with what was typed.

    A field that still has its value from before is not typed: the file may replace it.
    """
    raw, where = _posted(form)
    if not where:
        return Import()
    if raw is None:
        return Import(errors={where: "Either paste it or choose its file."})
    try:
        credentials = read_credentials(raw)
    except CredentialsRefused as refused:
        return Import(errors={where: refused.message})
    values = _values(form, credentials)
    errors = {
        name: _contradiction(name, value)
        for name, value in values.items()
        if _typed(form, name) and form[name].value() != value
    }
    return Import(values, errors, credentials.redirect_uris, credentials.notes)


def _contradiction(name: str, value: str) -> str:
    """Say what to do, and never a secret."""
    if name == "token_endpoint_auth_method":
        return f"The credentials are for {value}."
    return "The credentials name another one: empty this field, or leave them out."


def _posted(form: "forms.ModelForm[Provider]") -> tuple[bytes | None, str]:
    pasted = str(form.data.get(form.add_prefix(PASTED)) or "").strip()
    upload = form.files.get(form.add_prefix(UPLOADED))
    if pasted and upload:
        return None, UPLOADED
    if isinstance(upload, UploadedFile):
        return upload.read(LARGEST + 1), UPLOADED
    return pasted.encode("utf-8", "surrogatepass"), PASTED if pasted else ""


def _values(form: "forms.ModelForm[Provider]", credentials: ClientCredentials) -> dict[str, str]:
    found = {name: getattr(credentials, name, None) for name in ("client_id", "client_secret", "issuer")}
    found["token_endpoint_auth_method"] = credentials.auth_method
    method = form["token_endpoint_auth_method"].value()
    if credentials.client_secret and not credentials.auth_method and method == "none":
        # A secret that would not be used, and a provider that waits for it.
        found["token_endpoint_auth_method"] = Provider.ClientAuthentication.BASIC.value
    return {name: value for name, value in found.items() if value}


def _typed(form: "forms.ModelForm[Provider]", name: str) -> bool:
    bound = form[name]
    return bool(bound.value()) and form.fields[name].has_changed(bound.initial, bound.data)


def _covers(registered: str, ours: str) -> bool:
    """Some providers let a star stand at the end."""
    return registered == ours or (registered.endswith("*") and ours.startswith(registered[:-1]))
