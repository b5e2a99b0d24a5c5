"""Issue and revoke."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import record_event
from ssoconsole.jose.sign import sign_jwt
from tokens.bots.grants import check_usable, granted_scopes, grants_of
from tokens.errors import BotDisabled, BotRetired, LifetimeInvalid, LifetimeTooLong, NotGranted
from tokens.keys.parsed import private_keys
from tokens.keys.services import ensure_signing_key
from tokens.models import Audience, Bot, Credential, Grant, TokenRecord
from tokens.protocol.access_token import TYP, AccessToken, claims_of


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
    read; whether it counts is looked up again at every use. Raises BotDisabled, NotGranted,
    AudienceDisabled, UnknownScope, LifetimeInvalid, LifetimeTooLong, NoSigningKey, ValidationError (label).
    """
    _check_bot(bot)
    grant = check_usable(_grant_at(bot, audience))
    _check_lifetime(grant.audience, lifetime)
    record = TokenRecord(
        jti=secrets.token_hex(16),
        bot=bot,
        audience=grant.audience,
        scopes=granted_scopes(grant, asked=scopes),
        roles=grant.roles,
        credential=credential,
        label=label,
        issued_by=str(by)[:300],
    )
    record.issued_at = timezone.now().replace(microsecond=0)
    record.expires_at = None if lifetime is None else record.issued_at + lifetime
    record.signing_key = ensure_signing_key(alg=grant.audience.signing_alg, by=by)
    token = sign_record(record)
    record.clean_fields(exclude=_OURS)
    record.save(force_insert=True)
    record_event("token_issued", by=by, target=bot.name, after=_shown(record))
    return record, token


def sign_record(record: TokenRecord) -> str:
    """Return the JWT that this record is about. Raises NoSigningKey."""
    profile = record.audience.profile
    return sign_jwt(
        claims_of(access_token_of(record), profile=profile),
        key=private_keys.of(record.signing_key),
        alg=record.signing_key.alg,
        kid=record.signing_key.kid,
        typ=TYP[profile],
    )


def access_token_of(record: TokenRecord) -> AccessToken:
    """Return what the JWT of this record says."""
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


@transaction.atomic
def revoke_token(*, record: TokenRecord, by: Actor) -> bool:
    """Revoke once. A second call changes nothing: the first revoker stays on record."""
    unrevoked = TokenRecord.objects.filter(pk=record.pk, revoked_at=None)
    revoked = unrevoked.update(revoked_at=timezone.now(), revoked_by=str(by)[:300])
    if revoked:
        record_event("token_revoked", by=by, target=record.bot.name, after={"jti": record.jti})
    return bool(revoked)


@transaction.atomic
def revoke_tokens_of_bot(*, bot: Bot, by: Actor) -> int:
    """Revoke everything the bot holds; return how many tokens that were."""
    now = timezone.now()
    count = _unended(bot, at=now).update(revoked_at=now, revoked_by=str(by)[:300])
    record_event("tokens_revoked", by=by, target=bot.name, after={"count": count})
    return count


@transaction.atomic
def revoke_tokens_beyond_grants(*, bot: Bot, by: Actor) -> int:
    """Revoke the bot's tokens that say more than is granted now; return how many those were."""
    now = timezone.now()
    granted = {grant.audience_id: grant for grant in grants_of(bot)}
    beyond = [
        record.pk for record in _unended(bot, at=now) if not _within(record, granted.get(record.audience_id))
    ]
    count = TokenRecord.objects.filter(pk__in=beyond, revoked_at=None).update(
        revoked_at=now, revoked_by=str(by)[:300]
    )
    if count:
        record_event(
            "tokens_revoked", by=by, target=bot.name, after={"count": count, "why": "grants narrowed"}
        )
    return count


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


def _unended(bot: Bot, *, at: datetime) -> models.QuerySet[TokenRecord]:
    return TokenRecord.objects.filter(bot=bot, revoked_at=None).exclude(expires_at__lte=at)


def _within(record: TokenRecord, grant: Grant | None) -> bool:
    return (
        grant is not None
        and set(record.scopes) <= set(grant.scopes)
        and set(record.roles) <= set(grant.roles)
    )


def _shown(record: TokenRecord) -> dict[str, object]:
    return {
        "jti": record.jti,
        "audience": record.audience.identifier,
        "scopes": record.scopes,
        "label": record.label,
        "kid": record.signing_key.kid,
        "expires_at": record.expires_at and record.expires_at.isoformat(),
    }
