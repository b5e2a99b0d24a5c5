"""Finding attempts by what an administrator knows of them: one index a search, whatever is typed."""

from ipaddress import ip_address
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from providers.explanations.meanings import LOGOUT_MEANINGS, MEANINGS
from providers.models import SignInAttempt
from ssoconsole.references.words import normalize_reference

MOST_PEOPLE = 50


def attempts_like(text: str) -> Q:
    """
    Return the condition for a reference in any spelling, an address, an outcome, or a person's exact name or e-mail.

    What could be several of them is taken as the first.
    """
    typed = text.strip().replace("\0", "")
    reference = normalize_reference(typed)[:64]
    if reference and SignInAttempt.objects.filter(reference=reference).exists():
        return Q(reference=reference)
    try:
        return Q(address=str(ip_address(typed)))
    except ValueError:
        pass
    if typed in MEANINGS or typed in LOGOUT_MEANINGS or typed == "ok":
        return Q(outcome=typed)
    return Q(user__in=_people_called(typed))


def _people_called(name: str) -> list[Any]:
    people = get_user_model()._default_manager.filter(Q(username=name) | Q(email=name))
    return list(people.values_list("pk", flat=True)[:MOST_PEOPLE])
