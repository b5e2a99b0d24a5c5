"""Retiring what is used no more: the evidence for a person, and the deed where he has said so in advance."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from tokens.credentials.services import retire_credential
from tokens.models import Bot, Credential
from tokens.protocol.retirement import (
    Evidence,
    advice_on_rotation,
    evidence_for_retiring,
    unused_since,
    use_in_words,
)


def evidence_of(bot: Bot, *, at: datetime) -> dict[uuid.UUID, Evidence]:
    """Return what is known of each live credential of a bot, by its id; in one query."""
    live = list(Credential.objects.live(at=at).filter(bot=bot))
    last = _last_use(live)  # of this one too, which is never later than itself
    return {
        credential.pk: evidence_for_retiring(
            created_at=credential.created_at,
            last_used_at=credential.last_used_at,
            other_used_at=last,
            at=at,
        )
        for credential in live
    }


@dataclass(frozen=True)
class Rotation:
    """The newest secret of a bot beside older ones that work; of each its use in words, of the old ones advice."""

    new: Credential
    new_use: str
    old: list[tuple[Credential, str, str]]


def rotation_of(
    credentials: Iterable[Credential], evidence: Mapping[uuid.UUID, Evidence], *, at: datetime
) -> Rotation | None:
    """
    Return how far the rotation of a bot's secret has come; None where no two of its live credentials are secrets.

    Nothing is kept of a rotation: the rows tell. `evidence` is that of `evidence_of`.
    """
    live = (
        each for each in credentials if each.pk in evidence and each.kind == Credential.Kind.CLIENT_SECRET
    )
    secrets = sorted(live, key=lambda each: each.created_at, reverse=True)
    if len(secrets) < 2:
        return None
    new, *old = secrets
    told = [
        (
            each,
            use_in_words(last_used_at=each.last_used_at, at=at),
            advice_on_rotation(
                new_used_at=new.last_used_at,
                old_used_at=each.last_used_at,
                evidence=evidence[each.pk],
                at=at,
            ),
        )
        for each in old
    ]
    return Rotation(new, use_in_words(last_used_at=new.last_used_at, at=at), told)


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


def secrets_under_other_keys(*, at: datetime, most: int | None = None) -> list[Credential]:
    """
    Return the client secrets, with their bots, that are hashed under another key than the ring's newest, by bot.

    All of them, or the first `most`.

    Each moves when it is used. Until then it is lost with the key that it is under, and lost already where the ring
    lacks that key.
    """
    newest = f"{key_ring().newest_key_id}."
    behind = Credential.objects.lasting_secrets(at=at).exclude(secret_hash__startswith=newest)
    return list(behind.select_related("bot").order_by("bot__name", "created_at")[:most])


def retire_secrets_under(*, key_id: str, at: datetime, by: Actor) -> int:
    """Retire the client secrets that are still hashed under a key, each in its own transaction; return how many."""
    behind = [each for each in secrets_under_other_keys(at=at) if each.hash_key_id == key_id]
    return sum(_retire_if_under(each.pk, key_id=key_id, by=by) for each in behind)


@transaction.atomic
def _retire_if_under(pk: uuid.UUID, *, key_id: str, by: Actor) -> bool:
    credential = Credential.objects.select_for_update(of=("self",)).select_related("bot").get(pk=pk)
    if credential.hash_key_id != key_id:  # used meanwhile, and moved
        return False
    return retire_credential(credential=credential, by=by, reason=f"hashed under the encryption key {key_id}")


def _last_use(credentials: Iterable[Credential]) -> datetime | None:
    uses = (credential.last_used_at for credential in credentials)
    return max((use for use in uses if use is not None), default=None)
