"""
Find attempts by what an administrator knows of them, and what belongs to one: each search uses one index.

What belongs to an attempt: other attempts of the same browser, and the provider's own `error` and
`error_description`.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from providers.explanations.meanings import LOGOUT_MEANINGS, MEANINGS
from providers.models import ClaimedName, Identity, SignInAttempt
from providers.signin.traces import normal_name
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.references import normalize_reference

MOST_PEOPLE = 50
MOST_ATTEMPTS = 500
MOST = 10
# How near in time an answer without an attempt must be to belong to the same visit.
NEAR = timedelta(minutes=30)

# The outcomes whose `received` is the provider's own words, as `providers.exchange.client_authentication` writes them.
IN_ITS_WORDS = frozenset(
    {
        "provider_error",
        "provider_unavailable",
        "pushed_authorization_refused",
        "refresh_refused",
        "token_endpoint_error",
        "userinfo_error",
    }
)
IN_AN_ANSWER = ("provider_error", "provider_unavailable")
_WORDS = re.compile(
    r"(?:status (?P<status>\d{3})(?:, |\Z))?(?P<error>[!-~]*)(?:: (?P<description>.*))?\Z", re.DOTALL
)


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


def neighbours_of(attempt: SignInAttempt) -> list[SignInAttempt]:
    """
    Return other attempts of the same browser, newest first, at most ten.

    By the cookie that binds attempts to a browser; where there is none, by address and browser name within half an
    hour, which is a hint and no proof.
    """
    return list(_same_browser(attempt).exclude(pk=attempt.pk).select_related("provider", "user")[:MOST])


def _same_browser(attempt: SignInAttempt) -> QuerySet[SignInAttempt]:
    attempts = SignInAttempt.objects.order_by("-started_at")
    if attempt.binding_hash:
        return attempts.filter(binding_hash=attempt.binding_hash)
    if not attempt.address:
        return attempts.none()
    near = (attempt.started_at - NEAR, attempt.started_at + NEAR)
    return attempts.filter(address=attempt.address, user_agent=attempt.user_agent, started_at__range=near)


@dataclass(frozen=True)
class Said:
    """`error` and `description` are a provider's text, "" for none; `status` that of its answer, if it is known."""

    error: str
    description: str
    status: str = ""


def said_by_provider(attempt: SignInAttempt) -> Said | None:
    """Return what the provider said, None where the refusal is the console's own."""
    if attempt.outcome not in IN_ITS_WORDS:
        return None
    found = _WORDS.match(attempt.received)
    if found is None and attempt.outcome in IN_AN_ANSWER:  # it has described an error, and not named it
        return Said("", attempt.received)
    if found is None or not any(found.groups()):
        return None
    error = (found["error"] or "").removesuffix(":")
    return Said(error, found["description"] or "", found["status"] or "")
