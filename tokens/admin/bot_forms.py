"""
Forms of a bot, its grants, its secrets, keys and federation rules, and of a token to be tried.

Rules of the domain are the services'.
"""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose.verify import MAX_BYTES
from tokens.admin.records import LinesField
from tokens.bots.grants import check_grants
from tokens.bots.services import GrantSpec, check_bot, check_name_is_free
from tokens.models import Bot, Grant

if TYPE_CHECKING:
    BotModelForm = forms.ModelForm[Bot]
    GrantModelForm = forms.ModelForm[Grant]
    GrantInlineFormSet = BaseInlineFormSet[Grant, Bot, forms.ModelForm[Grant]]
else:
    BotModelForm = GrantModelForm = forms.ModelForm
    GrantInlineFormSet = BaseInlineFormSet


class BotForm(BotModelForm):
    allowed_networks = LinesField(help_text="CIDR ranges, one a line; empty for anywhere.")

    class Meta:
        model = Bot
        fields = ("name", "description", "owner", "allowed_networks", "max_live_tokens")
        help_texts: ClassVar[dict[str, str]] = {
            "name": "client_id and sub of its tokens; never changes and is never used again.",
            "owner": "The user name of the person who answers for it.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "max_live_tokens" in self.fields:  # a person who may only look has none
            self.fields["max_live_tokens"].required = False

    def clean_max_live_tokens(self) -> int:
        """Left empty, it stays what it was."""
        given = self.cleaned_data["max_live_tokens"]
        return self.instance.max_live_tokens if given is None else int(given)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which the stubs leave out
        if self.errors:
            return
        try:
            check_bot(self.instance)
            check_name_is_free(self.instance)
        except DomainError as error:
            self.add_error(None, error.message)


class GrantForm(GrantModelForm):
    scopes = LinesField(help_text="One a line, out of the audience's.")
    roles = LinesField(help_text="One a line.")

    class Meta:
        model = Grant
        fields = ("audience", "scopes", "roles")


class GrantFormSet(GrantInlineFormSet):
    """Grants are judged together and written with their bot, by one service."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        try:
            check_grants(self.specs())
        except DomainError as error:
            raise ValidationError(f"{error.message} {error.received}".strip()) from None

    def specs(self) -> list[GrantSpec]:
        """What the forms ask for."""
        return [
            GrantSpec(data["audience"], data["scopes"], data["roles"])
            for data in (form.cleaned_data for form in self.forms)
            if data.get("audience") and not data.get("DELETE")
        ]

    def leave_to_service(self) -> None:
        """Tell the admin that this formset itself has saved nothing."""
        self.new_objects: list[Any] = []
        self.changed_objects: list[Any] = []
        self.deleted_objects: list[Any] = []


class NewSecretForm(forms.Form):
    """A secret ends by default: one that is forgotten somewhere does not work for ever."""

    ENDS = (
        ("7", _("7 days")),
        ("30", _("30 days")),
        ("60", _("60 days")),
        ("90", _("90 days")),
        ("never", _("never")),
    )

    label = forms.CharField(
        max_length=100, required=False, label=_("Label"), help_text=_("Where it will be used.")
    )
    ends_in = forms.ChoiceField(choices=ENDS, initial="90", required=False, label=_("Ends in"))
    expires_at = forms.SplitDateTimeField(
        required=False,
        label=_("Or ends at"),
        help_text=_("UTC; counts before the choice above."),
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": _("Day")},  # type: ignore[dict-item]  # lazy, and written late
            time_attrs={"type": "time", "aria-label": _("Time")},  # type: ignore[dict-item]  # lazy, and written late
        ),
    )
    retire_after_unused_days = forms.IntegerField(
        required=False,
        label=_("Retire when unused for"),
        help_text=_("Days; empty for never. The command cleanup does it."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        days = cleaned.get("ends_in") or self.fields["ends_in"].initial
        if not cleaned.get("expires_at") and days.isdecimal():
            cleaned["expires_at"] = timezone.now() + timedelta(days=int(days))
        return cleaned

    def asked(self) -> dict[str, Any]:
        """What the service wants to know."""
        names = ("label", "expires_at", "retire_after_unused_days")
        return {name: self.cleaned_data[name] for name in names}


_WIDE = {"rows": 8, "class": "vLargeTextField", "spellcheck": "false"}
_LINE = {"class": "vTextField", "spellcheck": "false", "autocomplete": "off"}


class LineField(forms.CharField):
    """A URL or a name of somebody else's, of at most 512 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=512, widget=forms.TextInput(attrs=_LINE), **kwargs)


class KeySetField(forms.CharField):
    """A JWKS as JSON text; None if it is left empty."""

    widget = forms.Textarea(attrs=_WIDE)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            document = json.loads(text.removeprefix("\N{BYTE ORDER MARK}"))
        except (ValueError, RecursionError):
            raise ValidationError("This is not JSON.") from None
        if not isinstance(document, dict):
            raise ValidationError('A key set is a JSON object with a list "keys".')
        return document


class NewKeysForm(forms.Form):
    jwks = KeySetField(
        required=False,
        label="Key set",
        help_text="A JWKS with the public keys, never the private ones. Two keys in it let the bot change over.",
    )
    jwks_uri = LineField(
        required=False,
        label="Or where it is",
        help_text="An https address at which the bot publishes its key set; new keys there count at once.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("jwks") and not data.get("jwks_uri"):
            raise ValidationError("Give a key set or the address of one.")
        return data


class NewFederationForm(forms.Form):
    issuer = LineField(
        help_text="iss of the platform's tokens, to the character, such as https://token.actions.githubusercontent.com",
    )
    audience = LineField(
        help_text="What the workload asks its platform to write into aud; best this console's address.",
    )
    subject = LineField(
        help_text="sub, such as system:serviceaccount:data:ingestion or repo:acme/infra:ref:refs/heads/main. "
        "An asterisk at the end stands for any rest; elsewhere for a part without : and /.",
    )
    claims = LinesField(
        label="Other claims", help_text="One a line, name=value; each must be in the token exactly so."
    )
    jwks = KeySetField(
        required=False,
        label="Keys of the platform",
        help_text="Only if its issuer cannot be reached from here: a JWKS, to be replaced when the platform rotates.",
    )
    jwks_uri = LineField(
        required=False,
        label="Or where they are",
        help_text="Only if its issuer does not say so.",
    )

    def clean_claims(self) -> dict[str, str]:
        """The lines as a mapping."""
        pairs = [line.partition("=") for line in self.cleaned_data["claims"]]
        claims = {name.strip(): value.strip() for name, _, value in pairs}
        if len(claims) < len(pairs) or not all(name and value for name, value in claims.items()):
            raise ValidationError("One a line, name=value, each name once.")
        return claims

    @property
    def rule(self) -> dict[str, Any]:
        """What the form says, as a rule."""
        return {name: self.cleaned_data[name] for name in ("issuer", "audience", "subject", "claims")}


class TrialForm(forms.Form):
    token = forms.CharField(
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={**_WIDE, "autocomplete": "off"}),
        help_text="It is looked at once, and neither stored nor logged. Paste one that ends soon.",
    )
