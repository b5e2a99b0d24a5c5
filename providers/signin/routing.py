"""The providers that a visitor can choose from, and which of them an e-mail address points to."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.models import Provider
from providers.protocol.admission import domain_of, normal_domains


@dataclass(frozen=True, slots=True)
class Choice:
    """One enabled provider; `domains` are the e-mail domains that it admits, none where it does not ask."""

    slug: str
    name: str
    icon: str
    domains: Sequence[str]


def enabled_choices(*, last: str) -> list[Choice]:
    """Return the enabled providers in order, the one that is `last` before the others; one query."""
    rows = Provider.objects.enabled().in_order().values("slug", "name", "icon", "allowed_email_domains")
    choices = [Choice(row["slug"], row["name"], row["icon"], row["allowed_email_domains"]) for row in rows]
    return sorted(choices, key=lambda choice: choice.slug != last)


def choices_for_address(choices: Sequence[Choice], address: str) -> list[Choice]:
    """
    Return the choices that list exactly the domain of `address`, in whichever spelling of it (RFC 5891).

    An address that two readers could read differently points nowhere. Where it points is a convenience:
    whether its owner may enter is decided when he comes back.
    """
    domain = domain_of(address)
    if domain is None:
        return []
    return [choice for choice in choices if domain in normal_domains(choice.domains)]
