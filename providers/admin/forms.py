"""The form of a registration."""

from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any

from django import forms

from providers.admin.credentials import (
    NOT_KEPT,
    SECRET,
    Import,
    SecretInput,
    SecretTextarea,
    import_credentials,
    is_left_to_kept,
)
from providers.admin.fields import GroupRulesField, IconField, LinesField, PairsField, StructureField
from providers.admin.trial import STALE, SeenField, TrialField, stamp_of
from providers.kinds import all_kinds, kind_of
from providers.models import Provider
from providers.models.provider import GroupRules, TextList, TextMap
from providers.registration.beginning import free_slug
from providers.registration.errors import RegistrationInvalid, RehearsalRequired
from providers.registration.fields import FIELDS, SESSION
from providers.registration.secret import problem_of_secret, set_client_secret
from providers.registration.services import NOTHING_NEW, Metadata, assess
from providers.registration.trial import problem_of_trial
from providers.rehearsal.services import pass_gate

if TYPE_CHECKING:
    ProviderModelForm = forms.ModelForm[Provider]
else:
    ProviderModelForm = forms.ModelForm


# How each structure of the model is edited.
EDITED: dict[type, type[StructureField]] = {
    TextList: LinesField,
    TextMap: PairsField,
    GroupRules: GroupRulesField,
}
FIELD_CLASSES = {
    column.name: EDITED[type(column)] for column in Provider._meta.concrete_fields if type(column) in EDITED
}


class ProviderForm(ProviderModelForm):
    """
    Everything an administrator decides about a provider.

    Errors are those of the registration's own rules, and of the discovery document, which is fetched when the
    rest is right: `metadata` is what came, for `save_provider`. The secret goes in and never comes out, by
    hand or by the credentials that a provider lets people download: `imported` is what those held.

    What wants a rehearsal is not saved without one, unless `anyway` is ticked; `unrehearsed` are the fields because
    of which. A form that `is_tried` is not going to be saved, and is not asked for it.
    """

    is_tried = False
    unrehearsed: tuple[str, ...] = ()

    kind = forms.ChoiceField(choices=list)
    client_secret = forms.CharField(
        required=False,
        widget=SecretInput(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown. Leave empty to keep what is stored. "
        "client_secret_jwt needs at least 32 bytes, private_key_jwt and none need no secret.",
    )
    anyway = forms.BooleanField(required=False)  # on the page only where it is needed
    client_secret_expires_at = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"),
        help_text="In UTC; when the provider stops taking the secret, as Entra ID does. You are warned before.",
    )
    remove_client_secret = forms.BooleanField(required=False, help_text="Forget the stored client secret.")
    credentials_json = forms.CharField(
        label="Credentials as JSON",
        required=False,
        strip=False,
        widget=SecretTextarea(attrs={"rows": 5, "cols": 60, "spellcheck": "false", "autocomplete": "off"}),
        help_text="Paste what the provider lets you download: Google's client file, Keycloak's adapter "
        "configuration, or an object with client_id, client_secret and issuer. It fills the fields that are "
        "empty and is not kept itself.",
    )
    credentials_file = forms.FileField(
        label="Or its file", required=False, allow_empty_file=True, help_text="A JSON file of at most 64 KiB."
    )
    icon = IconField()
    trial = TrialField()
    seen = SeenField()

    class Meta:
        model = Provider
        # The secret is a field of its own, which never shows what is stored.
        fields = (
            "slug",
            *(name for name in FIELDS if name != "client_secret"),
            *(f"session_{name}" for name in SESSION),
            "enabled",
        )
        field_classes = FIELD_CLASSES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = None if self.instance._state.adding else copy(self.instance)
        self.metadata: Metadata = NOTHING_NEW
        self.initial["seen"] = stamp_of(self.instance)
        kinds = self.fields["kind"]
        if isinstance(kinds, forms.ChoiceField):
            kinds.choices = [(kind.key, kind.name) for kind in all_kinds().values()]
        for name, help_text in extra_fields().items():
            self.fields[name] = forms.CharField(required=False, help_text=help_text, max_length=255)
        # A kind may work the issuer out from a field of its own; without a word, userinfo stays what it is.
        for name in {
            "issuer",
            "userinfo",
        } & self.fields.keys():  # the admin takes them from who may only look
            self.fields[name].required = False
        if "enabled" in self.fields and self.instance._state.adding:
            enabled = self.fields["enabled"]
            enabled.help_text = "Without it this is a draft, to be tried before people can sign in."
        self.imported = import_credentials(self) if self.is_bound else Import()
        self._fill_in(self.imported)

    def _fill_in(self, imported: Import) -> None:
        """Take what the credentials name, and a slug after the name, as if it had been typed; every rule applies."""
        named = dict(imported.values) if not imported.errors else {}
        is_new = self.is_bound and self.instance._state.adding
        if is_new and not self.data.get("slug") and (name := str(self.data.get("name") or "").strip()):
            named["slug"] = free_slug(name)
        if named:
            filled: Any = copy(self.data)  # a QueryDict's copy can be written to
            for field, value in named.items():
                filled[self.add_prefix(field)] = value
            self.data = filled

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("remove_client_secret") and cleaned.get("client_secret"):
            self.add_error("remove_client_secret", "Either a new secret or none.")
        if is_left_to_kept(self.data):
            self.add_error(SECRET, NOT_KEPT)
        for name, sentence in self.imported.errors.items():
            self.add_error(name, sentence)
        # What an older page does not change, it would change back.
        if cleaned.get("seen") and cleaned["seen"] != stamp_of(self.instance):
            self.add_error(None, STALE)
        if "kind" in cleaned and "issuer" in cleaned:
            cleaned["issuer"] = self._issuer(cleaned)
        return cleaned

    def _issuer(self, cleaned: dict[str, Any]) -> str:
        kind = kind_of(cleaned["kind"])
        issuer: str = cleaned["issuer"]
        for name in extra_fields():
            if cleaned.get(name) and name not in kind.extra_fields:
                self.add_error(name, f"{kind.name} has no such field.")
        # In a form that shows the stored issuer, a field that names another one is meant to change it.
        if "issuer" not in self.changed_data and any(cleaned.get(name) for name in kind.extra_fields):
            issuer = ""
        named = {name: cleaned.get(name) for name in kind.extra_fields}
        try:
            issuer = kind.issuer_from({**named, "issuer": issuer})
        except RegistrationInvalid as invalid:
            self.add_problems(invalid.problems)
            return issuer
        if not issuer:
            self.add_error("issuer", "This field is required.")
        return issuer

    def _get_validation_exclusions(self) -> set[str]:
        """The model's own checks of every field: `assess` makes them, for every door."""
        return {field.name for field in Provider._meta.fields}

    def _post_clean(self) -> None:
        """Judge the registration as it would be saved."""
        if self.cleaned_data.get("remove_client_secret"):
            set_client_secret(self.instance, None)
        elif secret := self.cleaned_data.get("client_secret"):
            set_client_secret(self.instance, secret)
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which the stubs leave out
        lasts = self.cleaned_data.get("trial")
        if lasts and (problem := problem_of_trial(self.instance, lasts)):
            self.add_problems({"trial": [problem]})
        try:
            self.metadata = assess(self.instance, stored=self.stored, fetch_metadata=not self.errors)
        except RegistrationInvalid as invalid:
            found = dict(invalid.problems)
            if self.errors.keys() & extra_fields().keys():
                found.pop("issuer", None)  # it is missing because that field is wrong
            self.add_problems(found)
        if self.errors:
            return
        document = self.metadata.document
        if document and (problem := problem_of_secret(self.instance, document, is_first=True)):
            self.add_error("client_secret", problem)
            return
        if self.is_tried or self.stored is None or self.cleaned_data.get("anyway"):
            return
        try:
            pass_gate(stored=self.stored, provider=self.instance, anyway=False, on_trial=lasts is not None)
        except RehearsalRequired as required:
            self.unrehearsed = required.changed
            self.add_error(None, required.message)

    def add_problems(self, found: dict[str, list[str]]) -> None:
        for name, sentences in found.items():
            if name not in self.errors:
                for sentence in sentences:
                    self.add_error(name if name in self.fields else None, sentence)


@cache
def extra_fields() -> dict[str, str]:
    """The fields that kinds add to the form, with their help texts."""
    return {name: text for kind in all_kinds().values() for name, text in kind.extra_fields.items()}
