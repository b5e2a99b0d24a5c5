"""
Revoke tokens: one, or all of a bot, a credential or an audience. What is revoked stays revoked.

What else ends a token, and may bring it back, is a state of its bot, its bot's owner, its audience or its key;
`TokenRecordQuerySet.live` says which.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.connections.prepared import Parameter, Statement, insert_for
from ssoconsole.platform.eventlog.services import AuditedChange, record_event
from ssoconsole.platform.metrics import count_tokens_revoked
from tokens.bots.grants import grants_of
from tokens.models import Audience, Bot, Credential, Grant, Revocation, TokenRecord
from tokens.models.record import TokenRecordQuerySet
from tokens.status.services import tokens_perhaps_revoked, tokens_revoked


def revoke_token(*, record: TokenRecord, by: Actor) -> bool:
    """Revoke once. A second call changes nothing: the first revoker stays on record."""
    return revoke_record(REVOKE_ONE, {"number": record.number}, jti=record.jti, bot=record.bot.name, by=by)


def revocation(records: Callable[[], TokenRecordQuerySet]) -> AuditedChange:
    """Return the statement that revokes what of these records nobody has revoked, one at most, for `revoke_record`."""
    return AuditedChange(_insert_for(records))


def _insert_for(records: Callable[[], TokenRecordQuerySet]) -> Statement:
    return insert_for(Revocation, records, "bot_id", "expires_at")


def revoke_record(change: AuditedChange, which: Mapping[str, Any], *, jti: str, bot: str, by: Actor) -> bool:
    """Revoke the token that `change` finds with the parameters `which`, as `revoke_token` does."""
    try:
        revoked = change.happens(
            {**which, "by": str(by)[:300]}, "token_revoked", by=by, target=bot, after={"jti": jti}
        )
    except DatabaseError:
        tokens_perhaps_revoked()  # the answer may have been lost, and not the change
        raise
    if revoked:
        _tell(1)
    return revoked


# PostgreSQL takes 65,535 parameters at most.
IN_ONE_STATEMENT = 10_000


@transaction.atomic
def revoke_tokens_of_bot(*, bot: Bot, by: Actor) -> int:
    """Revoke everything the bot holds; return how many tokens that were."""
    count = _revoke(_unended().filter(bot=bot), by=by)
    _record(count, by=by, target=bot.name)
    return count


@transaction.atomic
def revoke_tokens_of_credential(*, credential: Credential, by: Actor) -> int:
    """
    Revoke everything that was fetched with this credential; return how many tokens that were.

    After a secret has leaked, retire it first: retiring leaves its tokens what they are, and revoking leaves the
    secret able to fetch new ones. Tokens that a person or a command issued to the bot stay.
    """
    count = _revoke(_unended().filter(bot=credential.bot_id, credential=credential), by=by)
    shown = {"id": str(credential.pk), "kind": credential.kind, "label": credential.label}
    _record(count, by=by, target=credential.bot.name, credential=shown)
    return count


@transaction.atomic
def revoke_tokens_of_audience(*, audience: Audience, by: Actor) -> int:
    """
    Revoke everything that any bot holds for this audience; return how many tokens that were.

    For an API that has leaked what was presented to it. Bots go on fetching new ones; to withdraw the audience
    for a while, disable it.
    """
    count = _revoke(_unended().filter(audience=audience), by=by)
    _record(count, by=by, target=audience.identifier)
    return count


@transaction.atomic
def revoke_tokens_beyond_grants(*, bot: Bot, by: Actor) -> int:
    """Revoke the bot's tokens that say more than is granted now; return how many those were."""
    granted = {grant.audience_id: grant for grant in grants_of(bot)}
    held = _unended().filter(bot=bot)
    beyond = [record.pk for record in held if not _within(record, granted.get(record.audience_id))]
    parts = (beyond[first : first + IN_ONE_STATEMENT] for first in range(0, len(beyond), IN_ONE_STATEMENT))
    count = sum(_revoke(TokenRecord.objects.filter(pk__in=part), by=by) for part in parts)
    if count:
        _record(count, by=by, target=bot.name, why="grants narrowed")
    return count


def _revoke(records: TokenRecordQuerySet, *, by: Actor) -> int:
    """Revoke those of these records that nobody has revoked before."""
    # In one order, whatever they were found by: two that revoke the same tokens do not wait for each other.
    count = _insert_for(lambda: records.order_by("number")).count(at=timezone.now(), by=str(by)[:300])
    if count:
        _tell(count)
    return count


# What most revocations are, as a statement that is prepared once.
REVOKE_ONE = revocation(
    lambda: TokenRecord.objects.filter(
        pk=Parameter("number", TokenRecord._meta.get_field("number"))
    ).order_by()
)


def _tell(count: int) -> None:
    tokens_revoked()
    transaction.on_commit(partial(count_tokens_revoked, count))


def _unended() -> TokenRecordQuerySet:
    return TokenRecord.objects.unended(at=timezone.now())


def _record(count: int, *, by: Actor, target: str, **more: Mapping[str, Any] | str) -> None:
    record_event("tokens_revoked", by=by, target=target, after={"count": count, **more})


def _within(record: TokenRecord, grant: Grant | None) -> bool:
    return (
        grant is not None
        and set(record.scopes) <= set(grant.scopes)
        and set(record.roles) <= set(grant.roles)
    )
