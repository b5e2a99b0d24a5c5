"""Finding attempts by what an administrator knows of them: one index a search, whatever is typed."""

from ipaddress import ip_address
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from providers.explanations.meanings import LOGOUT_MEANINGS, MEANINGS
from providers.models import ClaimedName, Identity, SignInAttempt
from providers.signin.traces import normal_name
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.references import normalize_reference

MOST_PEOPLE = 50
MOST_ATTEMPTS = 500


def attempts_like(text: str) -> Q:
    """
    Return the condition for a reference in any spelling, an address, an outcome, or a person's exact name, e-mail or
    subject; of a refused attempt, those that were claimed.

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
    found = Q(user__in=_people_called(typed))
    if refused := claimed_by(typed):
        found |= Q(pk__in=refused)
    return found


def _people_called(name: str) -> list[Any]:
    people = get_user_model()._default_manager.filter(Q(username=name) | Q(email=name))
    subjects = Identity.objects.filter(sub=name)
    found = list(people.values_list("pk", flat=True)[:MOST_PEOPLE])
    return found + list(subjects.values_list("user", flat=True)[:MOST_PEOPLE])


def claimed_by(*names: str, most: int = MOST_ATTEMPTS) -> list[Any]:
    """Return the keys of the newest refused attempts whose claims have one of these names, addresses or subjects."""
    ring, wanted = key_ring(), {normal_name(name) for name in names} - {""}
    hashes = [found for name in wanted for found in ring.keyed_hashes(name, purpose=ClaimedName.PURPOSE)]
    claimed = ClaimedName.objects.filter(name_hash__in=hashes).order_by("-pk")
    return list(claimed.values_list("attempt", flat=True)[:most])
