"""Retiring what is used no more: the evidence for a person, and the deed where he has said so in advance."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from ssoconsole.actors import Actor
from tokens.credentials.services import retire_credential
from tokens.models import Bot, Credential
from tokens.protocol.retirement import Evidence, evidence_for_retiring, unused_since


def evidence_of(bot: Bot, *, at: datetime) -> dict[uuid.UUID, Evidence]:
    """Return what is known of each live credential of a bot, by its id; in one query."""
    live = list(Credential.objects.live(at=at).filter(bot=bot))
    return {
        credential.pk: evidence_for_retiring(
            created_at=credential.created_at,
            last_used_at=credential.last_used_at,
            other_used_at=_last_use(other for other in live if other.pk != credential.pk),
            at=at,
        )
        for credential in live
    }


def retire_unused_credentials(*, at: datetime, by: Actor) -> int:
    """
    Retire every credential that has been unused for as many days as it says; return how many.

    Each in its own transaction, and not if it is used meanwhile.
    """
    watched = Credential.objects.live(at=at).filter(retire_after_unused_days__isnull=False).order_by("pk")
    return sum(_retire_if_unused(pk, at=at, by=by) for pk in list(watched.values_list("pk", flat=True)))


@transaction.atomic
def _retire_if_unused(pk: uuid.UUID, *, at: datetime, by: Actor) -> bool:
    credential = Credential.objects.select_for_update(of=("self",)).select_related("bot").get(pk=pk)
    days = credential.retire_after_unused_days
    if not unused_since(
        created_at=credential.created_at, last_used_at=credential.last_used_at, days=days, at=at
    ):
        return False
    return retire_credential(credential=credential, by=by, reason=f"unused for {days} days")


def _last_use(credentials: Iterable[Credential]) -> datetime | None:
    uses = (credential.last_used_at for credential in credentials)
    return max((use for use in uses if use is not None), default=None)
