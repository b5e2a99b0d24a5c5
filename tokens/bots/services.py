"""Writes to bots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change, record_event
from ssoconsole.platform.keyset.filters import in_any_case
from tokens.bots.grants import (
    GrantSpec,
    check_grants,
    grants_shown,
    refuse_to_give_power,
    replace_grants,
)
from tokens.errors import BotNameTaken, BotRetired, NameImmutable
from tokens.models import Bot, Credential
from tokens.protocol.networks import check_networks
from tokens.records.revocation import revoke_tokens_beyond_grants
from tokens.status.services import status_lists_changed

__all__ = [
    "GrantSpec",
    "account_of_owner",
    "confirm_owner",
    "disable_bot",
    "disable_bots_of",
    "enable_bot",
    "owner_waits",
    "retire_bot",
    "save_bot",
]


@dataclass(frozen=True)
class _Before:
    bot: Bot
    shown: dict[str, Any]


def check_bot(bot: Bot) -> None:
    """Apply the rules that need no database; raises NetworkInvalid."""
    networks = bot.allowed_networks if isinstance(bot.allowed_networks, list) else [None]
    bot.allowed_networks = check_networks(networks)


def check_name_is_free(bot: Bot) -> None:
    """Raise BotNameTaken when a new bot's name belongs to another, in any case, so that none is mistaken."""
    if bot.pk is None and Bot.objects.filter(name__iexact=bot.name).exists():
        raise BotNameTaken(received=bot.name)


@transaction.atomic
def save_bot(*, bot: Bot, grants: Sequence[GrantSpec] | None, by: Actor) -> Bot:
    """
    Create or change a bot; `grants` replaces all of its grants, None leaves them.

    Tokens that go beyond what is still granted are revoked. Raises BotNameTaken, NameImmutable, BotRetired,
    NetworkInvalid, UnknownScope, RoleInvalid, GrantRepeated, SuperuserRequired, and Django's ValidationError for
    the shape of a field.
    """
    before = _before(bot)
    check_bot(bot)
    specs = None if grants is None else check_grants(grants)
    refuse_to_give_power(bot, by=by, specs=specs or ())
    bot.full_clean(validate_unique=False, validate_constraints=False)  # the database says it, without a race
    if before is None or before.bot.owner != bot.owner:
        bot.owner_named_at = timezone.now()
    try:
        with transaction.atomic():
            bot.save()
    except IntegrityError as error:
        raise BotNameTaken(received=bot.name) from error
    narrowed = specs is not None and replace_grants(bot, specs)
    after = _shown(bot)
    if before is None:
        record_event("bot_created", by=by, target=bot.name, after=after)
    elif before.shown != after:
        record_change("bot_changed", by=by, target=bot.name, before=before.shown, after=after)
        status_lists_changed()  # the new owner may be disabled, or the old one
    if narrowed:
        revoke_tokens_beyond_grants(bot=bot, by=by)
    return bot


def owner_waits(bot: Bot) -> bool:
    """Tell whether the account that the bot's owner names is younger than that, so that it owns nothing yet."""
    return account_of_owner(bot).filter(date_joined__gt=bot.owner_named_at).exists()


def account_of_owner(bot: Bot) -> QuerySet[User]:
    """The account that the bot's owner names, in any case, if there is one."""
    return in_any_case(User.objects.exclude(username=""), "username", bot.owner)


@transaction.atomic
def confirm_owner(*, bot: Bot, by: Actor) -> bool:
    """
    Say that the account which has the owner's name today is the person who was meant; False where it does not wait.

    Raises SuperuserRequired.
    """
    refuse_to_give_power(bot, by=by)
    if not owner_waits(bot):
        return False
    bot.owner_named_at = timezone.now()
    bot.save(update_fields=["owner_named_at"])
    record_event("bot_owner_confirmed", by=by, target=bot.name, after={"owner": bot.owner})
    return True


@transaction.atomic
def disable_bot(*, bot: Bot, by: Actor) -> bool:
    """
    Stop a bot: it gets no tokens, and those it has do not count while it is disabled.

    A second call changes nothing. Enabling it brings its tokens back; revoke them to be rid of them for good.
    """
    changed = Bot.objects.filter(pk=bot.pk, disabled_at=None).update(
        disabled_at=timezone.now(), disabled_by=str(by)[:300]
    )
    if changed:
        record_event("bot_disabled", by=by, target=bot.name)
        status_lists_changed()
    _refresh(bot)
    return bool(changed)


@transaction.atomic
def disable_bots_of(*, owner: str, by: Actor) -> int:
    """Stop every bot that names this owner, in any case, as his being disabled does; return how many those were."""
    bots = in_any_case(Bot.objects.enabled().exclude(owner=""), "owner", owner)
    return sum(disable_bot(bot=bot, by=by) for bot in bots)


@transaction.atomic
def enable_bot(*, bot: Bot, by: Actor) -> bool:
    """Let a disabled bot work again. A second call changes nothing. Raises BotRetired, SuperuserRequired."""
    refuse_to_give_power(bot, by=by)
    changed = Bot.objects.filter(pk=bot.pk, disabled_at__isnull=False, retired_at=None).update(
        disabled_at=None, disabled_by=""
    )
    _refresh(bot)
    if bot.retired_at:
        raise BotRetired(received=bot.name)
    if changed:
        record_event("bot_enabled", by=by, target=bot.name)
        status_lists_changed()
    return bool(changed)


@transaction.atomic
def retire_bot(*, bot: Bot, by: Actor) -> bool:
    """
    Disable a bot for good, and retire what it proves itself by; its name stays taken. A second call changes nothing.
    """
    now = timezone.now()
    changed = Bot.objects.filter(pk=bot.pk, retired_at=None).update(retired_at=now, disabled_at=now)
    if changed:
        Bot.objects.filter(pk=bot.pk).update(disabled_by=str(by)[:300])
        Credential.objects.filter(bot=bot, retired_at=None).update(retired_at=now)
        record_event("bot_retired", by=by, target=bot.name)
        status_lists_changed()
    _refresh(bot)
    return bool(changed)


def _before(bot: Bot) -> _Before | None:
    """What the bot was. Raises BotNameTaken for a new one, NameImmutable and BotRetired for an old one."""
    check_name_is_free(bot)
    if bot.pk is None:
        return None
    old = Bot.objects.select_for_update(no_key=True).get(pk=bot.pk)
    if old.name != bot.name:
        raise NameImmutable(expected=old.name, received=bot.name)
    if old.retired_at:
        raise BotRetired(received=bot.name)
    return _Before(old, _shown(old))


def _shown(bot: Bot) -> dict[str, Any]:
    return {
        "description": bot.description,
        "owner": bot.owner,
        "allowed_networks": bot.allowed_networks,
        "max_live_tokens": bot.max_live_tokens,
        "grants": grants_shown(bot),
    }


def _refresh(bot: Bot) -> None:
    bot.refresh_from_db(fields=["disabled_at", "disabled_by", "retired_at"])
