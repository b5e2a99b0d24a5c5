"""What a rehearsal has decided, as data for the page that tells it."""

from collections.abc import Mapping
from typing import Any

from providers.errors import Denied, SignInRefused
from providers.identities.decision import Decision, mapped_person
from providers.models import Provider
from providers.protocol.mapping import MappedPerson, naming_claim


def of_decision(decision: Decision, provider: Provider, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a person who is let in, and everything that signing in would change."""
    before, after, rights = decision.before, decision.after, decision.rights
    changes = {name: [before[name], after[name]] for name in ("email", "name") if before[name] != after[name]}
    return {
        **_of_person(decision.person, provider, claims),
        "rule": decision.way.value,
        "domains": list(provider.allowed_email_domains),
        "user": decision.user.get_username(),
        "gained": sorted(rights.gained),
        "lost": sorted(rights.lost),
        "is_admin": rights.is_superuser,
        "was_admin": bool(before["is_superuser"]),
        "changes": changes,
    }


def of_refusal(error: SignInRefused, provider: Provider, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Tell by which rule a person is not let in, and who he is as far as his claims say."""
    rule = error.rule if isinstance(error, Denied) else ""
    try:
        person = mapped_person(provider, claims) if claims else None
    except Denied:
        person = None
    return {"rule": rule, **(_of_person(person, provider, claims) if person else {})}


def _of_person(person: MappedPerson, provider: Provider, claims: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "principal": person.principal,
        "principal_claim": naming_claim(claims, provider.principal_claims),
        "groups": sorted(person.groups),
    }
