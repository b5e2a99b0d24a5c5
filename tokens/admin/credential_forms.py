"""Forms of a bot's keys and federation rules, and of a token to be tried. Rules of the domain are the services'."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from ssoconsole.platform.jose.verify import MAX_BYTES
from tokens.admin.fields import LinesField

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
