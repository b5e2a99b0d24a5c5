"""
Issue tokens, and drop the records of those that ended long ago.

How many tokens a bot may hold is limited: a safety net for one that asks in a loop, which costs the others nothing.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.connections.batches import delete_in_batches
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.sign import sign_jwt
from ssoconsole.platform.metrics import count_token_issued
from tokens.bots.grants import check_usable, granted_scopes, grants_of, refuse_to_give_power
from tokens.errors import (
    BotDisabled,
    BotRetired,
    LifetimeInvalid,
    LifetimeTooLong,
    NotGranted,
    TooManyTokens,
)
from tokens.keys.services import ensure_signing_key, private_keys, verify_for_ever
from tokens.models import Audience, Bot, Credential, Grant, Revocation, SigningKey, TokenRecord
from tokens.models.record import not_over
from tokens.protocol.access_token import TYP, AccessToken, claims_of
from tokens.status.services import status_of

# Counted tokens are an index scan of up to as many rows. So a process that has counted lets the bot have a part of
# what is left before it counts again: a bot far from its limit is hardly ever counted, and one that stands at it
# is counted once in a hundredth of it.
PART = 8
LEAST_PART = 100
COUNTED_FOR = timedelta(minutes=1)
MOST_BOTS = 10_000

_left: dict[tuple[int, int], tuple[int, datetime]] = {}

# A token that lives for longer is not fetched anew by its bot as a matter of course: its end is somebody's work.
LONG_LIVED = timedelta(hours=24)


def take_room(*, bot_id: int, most: int, at: datetime) -> None:
    """
    Take the place of one more token. Raises TooManyTokens when the bot holds `most` that have not ended.

    Several processes may each let a bot go a hundredth beyond `most`: the limit is no licence, and a lock, or a
    counter on the bot's row, would make every request of one bot wait for the one before it.
    """
    left, until = _left.get((bot_id, most), (0, at))
    if left > 0 and at < until:
        _left[bot_id, most] = left - 1, until
        return
    # Each by the ends of a bot's tokens, which an index has: joined, the record of each would be read.
    revoked = Revocation.objects.filter(not_over(at=at), bot=bot_id).count()
    issued = TokenRecord.objects.filter(not_over(at=at), bot=bot_id).order_by()[: most + revoked].count()
    held = issued - revoked
    if held >= most:
        raise TooManyTokens(expected=f"up to {most}", received="one more")
    if len(_left) >= MOST_BOTS:
        _left.clear()
    part = max((most - held) // PART, most // LEAST_PART)
    _left[bot_id, most] = part - 1, at + COUNTED_FOR


def forget_counts() -> None:
    """Forget what this process has counted, for a database that has been replaced under it."""
    _left.clear()


@transaction.atomic
def issue_token(
    *,
    bot: Bot,
    audience: Audience,
    scopes: Sequence[str] | None,
    lifetime: timedelta | None,
    label: str = "",
    credential: Credential | None = None,
    by: Actor,
) -> tuple[TokenRecord, str]:
    """
    Issue a JWT to `bot` for `audience`; this is the only moment the JWT exists here.

    No `scopes` means all that are granted, no `lifetime` means no end. The bot's state is what the caller has
    read; whether it counts is looked up again at every use. What a bot fetches for itself is no event: the
    record says all of it. Raises BotDisabled, NotGranted, AudienceDisabled, UnknownScope, LifetimeInvalid,
    LifetimeTooLong, TooManyTokens, NoSigningKey, SuperuserRequired, ValidationError (label).
    """
    _check_bot(bot)
    refuse_to_give_power(bot, by=by)
    grant = check_usable(_grant_at(bot, audience))
    _check_lifetime(grant.audience, lifetime)
    take_room(bot_id=bot.pk, most=bot.max_live_tokens, at=timezone.now())
    record = TokenRecord(
        jti=secrets.token_hex(16),
        bot=bot,
        audience=grant.audience,
        scopes=granted_scopes(held=grant.scopes, there=grant.audience.scopes, asked=scopes),
        roles=grant.roles,
        credential=credential,
        label=label,
        issued_by=str(by)[:300],
    )
    record.issued_at = timezone.now().replace(microsecond=0)
    record.expires_at = None if lifetime is None else record.issued_at + lifetime
    record.long_lived = lifetime is not None and lifetime > LONG_LIVED
    record.signing_key = ensure_signing_key(alg=grant.audience.signing_alg, by=by)
    record.clean_fields(exclude=_OURS)
    record.save(force_insert=True)  # before it is signed: its number is its place in the status list
    if lifetime is None:
        verify_for_ever(record)
    token = sign_record(record, by=by)
    transaction.on_commit(partial(count_token_issued, by=by.kind))
    if (by.kind, by.name) != ("bot", bot.name):
        record_event("token_issued", by=by, target=bot.name, after=_shown(record))
    return record, token


def sign_record(record: TokenRecord, *, by: Actor) -> str:
    """Return the JWT that this record, which is in the database, is about. Raises NoSigningKey."""
    return sign_access_token(
        access_token_of(record),
        number=record.number,
        profile=record.audience.profile,
        key=record.signing_key,
        by=by,
    )


def sign_access_token(token: AccessToken, *, number: int, profile: str, key: SigningKey, by: Actor) -> str:
    """Return the JWT of the record with this number, which is in the database. Raises NoSigningKey."""
    return sign_jwt(
        claims_of(token, profile=profile) | {"status": status_of(number, by=by)},
        key=private_keys.of(key),
        alg=key.alg,
        kid=key.kid,
        typ=TYP[profile],
    )


def access_token_of(record: TokenRecord) -> AccessToken:
    """
    Return what the JWT of this record says, without its `status`.

    That is for APIs that do not ask; here the record itself is at hand, and tokens from before there were
    status lists count as they did.
    """
    return AccessToken(
        issuer=settings.BASE_URL,
        bot=record.bot.name,
        audience=record.audience.identifier,
        scopes=record.scopes,
        roles=record.roles,
        issued_at=int(record.issued_at.timestamp()),
        expires_at=None if record.expires_at is None else int(record.expires_at.timestamp()),
        jti=record.jti,
    )


# Everything but what the caller wrote; cleaning a foreign key would cost a query each.
_OURS = {field.name for field in TokenRecord._meta.fields} - {"label"}


def _check_bot(bot: Bot) -> None:
    if bot.retired_at:
        raise BotRetired(received=bot.name)
    if bot.disabled_at:
        raise BotDisabled(received=bot.name)


def _grant_at(bot: Bot, audience: Audience) -> Grant:
    for grant in grants_of(bot):
        if grant.audience_id == audience.pk:
            return grant
    raise NotGranted(received=audience.identifier)


def _check_lifetime(audience: Audience, lifetime: timedelta | None) -> None:
    longest = audience.max_token_lifetime
    if longest is not None and (lifetime is None or lifetime > timedelta(seconds=longest)):
        received = "no end" if lifetime is None else f"{int(lifetime.total_seconds())} seconds"
        raise LifetimeTooLong(expected=f"up to {longest} seconds", received=received)
    if lifetime is not None and lifetime < timedelta(seconds=1):
        raise LifetimeInvalid(expected="at least one second")


def _shown(record: TokenRecord) -> dict[str, object]:
    return {
        "jti": record.jti,
        "audience": record.audience.identifier,
        "scopes": record.scopes,
        "label": record.label,
        "kid": record.signing_key.kid,
        "expires_at": record.expires_at and record.expires_at.isoformat(),
    }


def drop_old_records(*, at: datetime, keep: timedelta) -> int:
    """
    Delete the records of tokens whose end is more than `keep` ago; return how many.

    By the index of their end, and in batches of a transaction each, so that it may run while tokens are issued
    and be stopped at any time. A token without an end counts until it is revoked, and its record then says by
    whom: it is never dropped.
    """
    old = TokenRecord.objects.filter(expires_at__lt=at - keep).order_by("expires_at")
    return delete_in_batches(old)
