"""The providers that a visitor can choose from, and which of them an e-mail address points to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from providers.models import Provider
from providers.protocol.admission import domain_of, normal_domains
from providers.trial.services import roll_back_overdue


@dataclass(frozen=True, slots=True)
class Choice:
    """One enabled provider; `domains` are the e-mail domains that it admits, none where it does not ask."""

    slug: str
    name: str
    icon: str
    domains: Sequence[str]


def enabled_choices(*, last: str) -> list[Choice]:
    """Return the enabled providers in order, the one that is `last` before the others; one query."""
    rows, now = _enabled_rows(), timezone.now()
    if any(row["trial_ends_at"] and row["trial_ends_at"] <= now for row in rows):
        roll_back_overdue(at=now)
        rows = _enabled_rows()
    choices = [Choice(row["slug"], row["name"], row["icon"], row["allowed_email_domains"]) for row in rows]
    return sorted(choices, key=lambda choice: choice.slug != last)


def enabled_slug_of_issuer(issuer: str) -> str | None:
    """Return the slug of the first enabled provider with exactly this issuer; None where there is none."""
    roll_back_overdue(at=timezone.now())
    named = Provider.objects.enabled().in_order().filter(issuer=issuer)
    return named.values_list("slug", flat=True).first()


def _enabled_rows() -> list[Any]:
    enabled = Provider.objects.enabled().in_order()
    return list(enabled.values("slug", "name", "icon", "allowed_email_domains", "trial_ends_at"))


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
