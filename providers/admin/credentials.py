"""Filling the form of a registration from the credentials that a provider lets people download."""

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from providers.models import Provider
from providers.protocol.credentials_json import (
    LARGEST,
    ClientCredentials,
    CredentialsRefused,
    read_credentials,
)

PASTED = "credentials_json"
UPLOADED = "credentials_file"
FILLED = ("client_id", "client_secret", "issuer", "token_endpoint_auth_method")


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
