"""
Rehearsals: whose one is, the registration that it goes through, its result, and when one is required.

A rehearsal writes its own row and nothing else; its registration is text there, and not in the provider's row. The
result is data for the page that shows it. Which changes need a rehearsal is decided here and obeyed by the services of
the registration, so that no door is easier than another.
"""

import json
import uuid
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from providers.errors import AttemptExpired, Denied
from providers.identities.services import Decision, mapped_person
from providers.models import Provider, Rehearsal, SignInAttempt
from providers.protocol.mapping import MappedPerson, naming_claim
from providers.registration.cautions import RISKY, differing
from providers.registration.errors import RehearsalRequired
from providers.registration.fields import FIELDS, SESSION
from providers.registration.secret import claim_secret, extend_to_hosts
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.errors import DomainError

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


NAMES = (
    "slug",
    *(name for name in FIELDS if name != "client_secret"),
    *(f"session_{name}" for name in SESSION),
)
MOST = 50  # rehearsals of one provider that are looked at
ENABLED = "enabled"


def written(provider: Provider) -> str:
    """Return the registration as JSON, with the secret, to be kept encrypted. Raises DecryptionFailed."""
    return json.dumps(
        {
            "id": str(provider.pk),
            "values": {name: getattr(provider, name) for name in NAMES},
            "client_secret": provider.client_secret,
            "client_secret_for": provider.client_secret_for,
            "discovery": provider.discovery,
        },
        cls=DjangoJSONEncoder,
    )


def rehearsed_provider(rehearsal: Rehearsal) -> Provider:
    """
    Return the provider that people would sign in through if `rehearsal` were saved and enabled; never save it.

    It brings no keys along: a rehearsal fetches them, and so tries that too. Raises DecryptionFailed.
    """
    kept = json.loads(rehearsal.registration)
    provider = Provider(id=uuid.UUID(kept["id"]), discovery=kept["discovery"], enabled=True, **kept["values"])
    provider.client_secret, provider.client_secret_for = kept["client_secret"], kept["client_secret_for"]
    provider.rehearsed_in = rehearsal.pk
    return provider


def rehearsal_of(attempt: SignInAttempt) -> Rehearsal:
    """Return what `attempt` goes through. Raises AttemptExpired where it is not kept any more."""
    if attempt.rehearsal is None:
        raise AttemptExpired(expected="a rehearsal that is under way", received="one that is over")
    return attempt.rehearsal


def may_rehearse(request: HttpRequest, rehearsal: Rehearsal) -> bool:
    """Tell whether the person at this browser has begun `rehearsal`, and may still write registrations."""
    user = request.user
    if user.pk != rehearsal.by_id or not (user.is_active and user.is_staff):
        return False
    return user.has_perm("providers.change_provider" if rehearsal.provider_id else "providers.add_provider")


def start_rehearsal(*, provider: Provider, stored: Provider | None, user: "User") -> Rehearsal:
    """
    Keep a registration without problems, encrypted, for as long as a rehearsal counts.

    `stored` is the row that `provider` may become a change of. What happens in the rehearsal is on record with the
    attempt that it is left for. Raises RegistrationInvalid for a client secret of another issuer.
    """
    same = stored is not None and stored.issuer == provider.issuer and bool(stored.discovery)
    claim_secret(provider, provider.discovery, is_first=not same)
    rehearsal = Rehearsal(provider=stored, by=user, started_at=timezone.now())
    rehearsal.registration = written(provider)
    rehearsal.save(force_insert=True)
    return rehearsal


def keep_metadata(*, rehearsal: Rehearsal, provider: Provider) -> None:
    """Keep the first discovery document that was just fetched for the registration that is rehearsed."""
    extend_to_hosts(provider, provider.discovery)
    rehearsal.registration = written(provider)
    rehearsal.save(update_fields=["registration"])


def keep_result(*, rehearsal: Rehearsal, result: Mapping[str, Any]) -> None:
    """Keep what was decided; the attempt has the outcome."""
    rehearsal.result = json.dumps(result)
    rehearsal.save(update_fields=["result"])


@transaction.atomic
def refuse_rehearsal(
    *,
    rehearsal: Rehearsal,
    sign_in: SignIn,
    error: DomainError,
    result: Mapping[str, Any],
    by: Actor,
) -> None:
    """Write the trace of a rehearsal that was refused, and what can be told of the person."""
    keep_result(rehearsal=rehearsal, result=result)
    finish_attempt(sign_in=sign_in, by=by, user=rehearsal.by, error=error)


def attempt_to_leave(*, rehearsal: Rehearsal, provider: Provider, by: Actor, user_agent: str) -> SignIn:
    """Return what the trace is made of where nobody could even leave; there is no row yet."""
    attempt = SignInAttempt(
        provider=rehearsal.provider,
        purpose=SignInAttempt.Purpose.REHEARSAL,
        rehearsal=rehearsal,
        issuer=provider.issuer,
        started_at=timezone.now(),
        address=by.address,
        user_agent=user_agent[:255],
    )
    return SignIn(attempt=attempt, provider=provider, stage="leaving")


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


def of_refusal(error: DomainError, provider: Provider, claims: Mapping[str, Any]) -> dict[str, Any]:
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


def pass_gate(
    *, stored: Provider, provider: Provider, anyway: bool, on_trial: bool = False
) -> dict[str, Any]:
    """
    Return what the event of writing `provider` over `stored` says of its rehearsal; empty where none is needed.

    What is saved on trial, or while a trial runs, is taken back by itself and needs none. Raises RehearsalRequired
    where one is needed, there is none, and nobody says `anyway`.
    """
    if on_trial or stored.trial_ends_at:
        return {}
    # Nobody depends on a provider that is disabled and stays so. One that is a draft, or was changed while it was off,
    # lets people in by what nobody has tried.
    if not provider.enabled:
        return {}
    changed = differing(stored, provider, RISKY)
    if not changed and not stored.enabled and Provider.objects.drafts().filter(pk=stored.pk).exists():
        changed = (ENABLED,)
    if not changed:
        return {}
    if found := fresh_rehearsal(provider, at=timezone.now()):
        return {"rehearsal": found.reference}
    if anyway:
        return {"anyway": True}
    raise RehearsalRequired(changed)


def pass_gate_to_enable(*, stored: Provider, anyway: bool) -> dict[str, Any]:
    """The same for enabling `stored` as it is."""
    enabled = copy(stored)
    enabled.enabled = True
    return pass_gate(stored=stored, provider=enabled, anyway=anyway)


def fresh_rehearsal(provider: Provider, *, at: datetime) -> SignInAttempt | None:
    """Return a successful attempt through exactly this registration that still counts, by whichever active user."""
    succeeded = SignInAttempt.objects.filter(
        purpose=SignInAttempt.Purpose.REHEARSAL,
        outcome="ok",
        rehearsal__in=Rehearsal.objects.fresh(at=at).filter(provider_id=provider.pk, by__is_active=True),
    )
    for attempt in succeeded.select_related("rehearsal").order_by("-started_at")[:MOST]:
        if attempt.rehearsal and _is_of(attempt.rehearsal, provider):
            return attempt
    return None


def _is_of(rehearsal: Rehearsal, provider: Provider) -> bool:
    try:
        return not differing(rehearsed_provider(rehearsal), provider, RISKY)
    except DecryptionFailed:
        return False
