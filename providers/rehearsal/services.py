"""Whose a rehearsal is, and the writes of it: its own row, and nothing else."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from providers.errors import SignInRefused
from providers.models import Provider, Rehearsal, SignInAttempt
from providers.registration.secret import claim_secret, extend_to_hosts
from providers.rehearsal.registration import written
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform.actors import Actor

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


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
    error: SignInRefused,
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
