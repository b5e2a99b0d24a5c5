"""
Write client secrets, retire any credential, and note when and from where one was last used.

The last use is the evidence for retiring the other credentials.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.eventlog.services import record_event
from tokens.bots.grants import refuse_to_give_power
from tokens.errors import BotRetired, ExpiryInvalid, SecretInUse
from tokens.models import Bot, Credential
from tokens.protocol.client_authentication import RANDOM_BYTES, check_strength, format_client_secret, hint_of

PURPOSE = "client_secret"
LONGEST_UNUSED_DAYS = 3_650
# Every hash that a secret may be kept as, by the readings of it and the keys of the ring; to each the one that the same
# reading has under the newest key.
Hashes = Mapping[str, str]

# Between two writes of the last use of one credential: issuing must not be a write per request.
LAST_USED_EVERY = timedelta(minutes=1)


@transaction.atomic
def add_client_secret(
    *,
    bot: Bot,
    label: str = "",
    expires_at: datetime | None = None,
    retire_after_unused_days: int | None = None,
    by: Actor,
    client_secret: str | None = None,
) -> tuple[Credential, str]:
    """
    Give a bot one more client secret; return its row and the secret, which is kept nowhere.

    A secret that is given must be at least 32 characters that look random. `cleanup` retires it after so many
    days without use; None for never. Raises BotRetired, SecretTooWeak, SecretInUse (also for a retired one:
    what was withdrawn stays withdrawn), ExpiryInvalid, SuperuserRequired, ValidationError.
    """
    if bot.retired_at:
        raise BotRetired(received=bot.name)
    refuse_to_give_power(bot, by=by)
    if expires_at is not None and expires_at <= timezone.now():
        raise ExpiryInvalid(received=expires_at.isoformat())
    if client_secret is None:
        client_secret = format_client_secret(secrets.token_bytes(RANDOM_BYTES))
    check_strength(client_secret)
    if Credential.objects.filter(secret_hash__in=hashes_of([client_secret])).exists():
        raise SecretInUse
    credential = Credential(
        bot=bot,
        label=label,
        expires_at=expires_at,
        retire_after_unused_days=check_unused_days(retire_after_unused_days),
        secret_hash=key_ring().keyed_hash(client_secret, purpose=PURPOSE),
        hint=hint_of(client_secret),
        created_by=str(by)[:300],
    )
    credential.full_clean(exclude=["bot"], validate_unique=False)
    try:
        with transaction.atomic():
            credential.save(force_insert=True)
    except IntegrityError as error:
        raise SecretInUse from error
    record_event("client_secret_added", by=by, target=bot.name, after=_shown(credential))
    return credential, client_secret


@transaction.atomic
def retire_credential(*, credential: Credential, by: Actor, reason: str = "") -> bool:
    """Retire once, and say why if a rule asks for it. A second call changes nothing: the first stays on record."""
    changed = Credential.objects.filter(pk=credential.pk, retired_at=None).update(
        retired_at=timezone.now(), retired_by=str(by)[:300]
    )
    if changed:
        record_event(
            "credential_retired",
            by=by,
            target=credential.bot.name,
            after={
                "id": str(credential.pk),
                "kind": credential.kind,
                "label": credential.label,
                **({"reason": reason} if reason else {}),
            },
        )
    credential.refresh_from_db(fields=["retired_at", "retired_by"])
    return bool(changed)


def hashes_of(client_secrets: Sequence[str]) -> Hashes:
    """Return the hashes of the readings of one secret, the first reading's newest first."""
    hashed = [key_ring().keyed_hashes(secret, purpose=PURPOSE) for secret in client_secrets]
    return {each: of_one[0] for of_one in hashed for each in of_one}


def find_client_secret(*, bot: Bot, client_secret: str) -> Credential | None:
    """Return the live credential of this bot that this secret belongs to, if there is one."""
    live = Credential.objects.client_secrets().live(at=timezone.now())
    return live.filter(bot=bot, secret_hash__in=hashes_of([client_secret])).first()


def check_unused_days(days: int | None) -> int | None:
    """Return the days after which an unused credential retires. Raises ExpiryInvalid: none is retired at once."""
    if days is not None and not 1 <= days <= LONGEST_UNUSED_DAYS:
        message = f"A credential retires after 1 to {LONGEST_UNUSED_DAYS} days without use, or does not retire by that."
        raise ExpiryInvalid(message, expected=f"1 to {LONGEST_UNUSED_DAYS} days", received=str(days))
    return days


def _shown(credential: Credential) -> dict[str, object]:
    """What the event log keeps; never the secret."""
    end = credential.expires_at
    return {
        "id": str(credential.id),
        "label": credential.label,
        "hint": credential.hint,
        "expires_at": end.isoformat() if end else None,
        **({"retire_after_unused_days": days} if (days := credential.retire_after_unused_days) else {}),
    }


def note_use(
    credential: Credential, *, address: str | None, at: datetime, secret_hash: str | None = None
) -> None:
    """Write the use at most once a minute; `secret_hash` moves a secret to the newest key of the ring."""
    before = at - LAST_USED_EVERY
    due = Q(last_used_at=None) | Q(last_used_at__lte=before)
    changes: dict[str, object] = {"last_used_at": at, "last_used_from": _storable(address)}
    moved = secret_hash is not None and secret_hash != credential.secret_hash
    if moved:
        due |= ~Q(secret_hash=secret_hash)
        changes["secret_hash"] = secret_hash
    elif credential.last_used_at is not None and credential.last_used_at > before:
        return
    Credential.objects.filter(due, pk=credential.pk).update(**changes)


def _storable(address: str | None) -> str | None:
    """An address as the database takes it; what is none, or has a zone, is no reason to refuse anybody."""
    try:
        return str(ip_address((address or "").partition("%")[0]))
    except ValueError:
        return None
