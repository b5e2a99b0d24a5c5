"""What one kind of provider does differently from the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings

from providers.models import Provider


@dataclass(frozen=True)
class Step:
    """
    One thing to do at the provider, in the words of its own console.

    `*stars*` stand around what is written on the provider's pages; `paste` are the labels of `setup_values`
    that this step needs.
    """

    text: str
    paste: tuple[str, ...] = ()


class Kind:
    """
    A kind of provider; the methods here are those of any OpenID Provider.

    `guide` is for the administrator, and `notes` are what to know about single products, by their name.
    `defaults` are values of Provider's fields for a new registration. `extra_fields` are fields of the form and
    of the configuration file that a registration does not keep, with their help text; `issuer_from` reads
    them. `group_separator` is what stands between groups where the provider sends them as one text. `hints` are
    added to the remedies of the preflight, by the finding's code.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    guide: ClassVar[tuple[Step, ...]]
    notes: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Mapping[str, Any]] = {}
    extra_fields: ClassVar[Mapping[str, str]] = {}
    group_separator: ClassVar[str] = ""
    hints: ClassVar[Mapping[str, str]] = {}

    def hint(self, code: str, provider: Provider) -> str:
        """Return what this kind adds to the remedy of a finding of the preflight; "" for nothing."""
        return self.hints.get(code, "")

    def issuer_from(self, fields: Mapping[str, str | None]) -> str:
        """
        Return the issuer that `issuer` and the `extra_fields` of this kind name; "" if they name none.

        Raises RegistrationInvalid when they are wrong or contradict each other.
        """
        return fields.get("issuer") or ""

    def authorization_parameters(
        self, provider: Provider, *, reauthenticate: bool, step_up: bool = False
    ) -> dict[str, str]:
        """
        Return what the registration adds to an authorization request.

        These never include what the flow itself sets. With `reauthenticate` the person has to prove again who
        he is, even if he is signed in at the provider (OpenID Connect Core 1.0 section 3.1.2.1). With `step_up` the
        provider is asked for what administrators must have; no parameter asks for an `amr`, so that he has to prove
        it again.
        """
        parameters = {name: str(value) for name, value in (provider.extra_params or {}).items()}
        if provider.prompt:
            parameters["prompt"] = provider.prompt
        if provider.max_age is not None:
            parameters["max_age"] = str(provider.max_age)
        asked = provider.acr_values or provider.required_acr
        if step_up:
            asked = provider.admin_required_acr or asked
        if asked:
            parameters["acr_values"] = " ".join(asked)
        if step_up and provider.admin_required_amr:
            parameters["prompt"] = "login"
        return parameters | (self.reauthentication_parameters() if reauthenticate else {})

    def reauthentication_parameters(self) -> dict[str, str]:
        """
        Return the parameters that make the provider ask the person again.

        `max_age` is among them because only with it the ID token must say when he was asked, in `auth_time`.
        """
        return {"prompt": "login", "max_age": "0"}

    def setup_values(self, provider: Provider) -> list[tuple[str, str]]:
        """Return what is to be typed into the provider's own form: its labels and the values, in its order."""
        base = settings.BASE_URL
        return [
            ("Redirect URI", provider.redirect_uri),
            ("Post-logout redirect URI", f"{base}/signed-out"),
            ("Back-channel logout URI", f"{base}/backchannel-logout/{provider.slug}"),
            ("Login URL", f"{base}/signin"),
            ("JWKS URL", provider.jwks_url),
        ]
