"""Writes to credentials without a shared secret: public keys, and trust in a workload's own platform."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.errors import KeySetRefused
from ssoconsole.platform.jose.keys import JwkSet, distinct
from tokens.bots.grants import refuse_to_give_power
from tokens.credentials.services import retire_credential
from tokens.errors import BotRetired, KeysRefused
from tokens.models import Bot, Credential
from tokens.protocol import client_authentication, workload_token
from tokens.protocol.federation import check_rule

Kind = Credential.Kind
# How the reasons begin why a key is none that may be published at all.
EXPOSED = ("private members", "a symmetric key")


@transaction.atomic
def set_public_keys(
    *, bot: Bot, jwks: Mapping[str, Any] | None, jwks_uri: str | None, by: Actor
) -> Credential | None:
    """
    Register a bot's public keys, or where they are, in place of what was registered before; None for neither.

    Raises BotRetired, and KeysRefused for both at once, a key that cannot be used or holds private members,
    and an address that is not https.
    """
    if bot.retired_at:
        raise BotRetired(received=bot.name)
    refuse_to_give_power(bot, by=by)
    wanted = checked_keys(jwks, jwks_uri, Kind.PUBLIC_KEYS)
    found = None
    for old in _live(bot, Kind.PUBLIC_KEYS):
        if {"public_keys": old.public_keys, "jwks_uri": old.jwks_uri} == wanted:
            found = old
        else:
            retire_credential(credential=old, by=by)
    if found or (jwks is None and not jwks_uri):
        return found
    return _add(bot, Kind.PUBLIC_KEYS, by=by, **wanted)


@transaction.atomic
def set_federation(*, bot: Bot, rules: Sequence[Mapping[str, Any]], by: Actor) -> list[Credential]:
    """
    Trust exactly these workloads; rules that stay keep their credential, all others are retired.

    A rule may have `jwks` or `jwks_uri` beside its own members. Raises BotRetired, RuleInvalid, RuleTooWide,
    KeysRefused.
    """
    if bot.retired_at:
        raise BotRetired(received=bot.name)
    refuse_to_give_power(bot, by=by)
    wanted = [_checked_workload(rule) for rule in rules]
    kept = []
    for old in _live(bot, Kind.FEDERATION):
        fields = {"trust": old.trust, "public_keys": old.public_keys, "jwks_uri": old.jwks_uri}
        if fields in wanted:
            wanted.remove(fields)
            kept.append(old)
        else:
            retire_credential(credential=old, by=by)
    return kept + [_add(bot, Kind.FEDERATION, by=by, **fields) for fields in wanted]


@transaction.atomic
def add_federation(
    *, bot: Bot, rule: Mapping[str, Any], jwks: Mapping[str, Any] | None, jwks_uri: str | None, by: Actor
) -> Credential:
    """
    Trust one workload more; the same rule with the same keys again changes nothing.

    The platform's keys are found through its issuer, unless they are given, or where they are: a cluster's own
    issuer can often be reached from nowhere but the cluster. Raises BotRetired, RuleInvalid, RuleTooWide,
    KeysRefused.
    """
    if bot.retired_at:
        raise BotRetired(received=bot.name)
    refuse_to_give_power(bot, by=by)
    wanted = _checked_workload({**rule, "jwks": jwks, "jwks_uri": jwks_uri})
    for old in _live(bot, Kind.FEDERATION):
        if {name: getattr(old, name) for name in wanted} == wanted:
            return old
    return _add(bot, Kind.FEDERATION, by=by, **wanted)


def _checked_workload(rule: Mapping[str, Any]) -> dict[str, Any]:
    trust = {name: value for name, value in rule.items() if name not in ("jwks", "jwks_uri")}
    keys = checked_keys(rule.get("jwks"), rule.get("jwks_uri"), Kind.FEDERATION)
    return {"trust": check_rule(trust, allow_http=settings.ALLOW_LOOPBACK_PROVIDERS), **keys}


def checked_keys(jwks: Mapping[str, Any] | None, jwks_uri: str | None, kind: Kind) -> dict[str, Any]:
    """Return a key set or its address as a credential keeps them. Raises KeysRefused."""
    if jwks is not None and jwks_uri:
        raise KeysRefused("Give a key set or the address of one, not both.")
    if jwks is not None:
        _check_keys(jwks, kind)
    if jwks_uri:
        _check_address(jwks_uri)
    return {"public_keys": None if jwks is None else dict(jwks), "jwks_uri": jwks_uri or ""}


def _live(bot: Bot, kind: Kind) -> list[Credential]:
    return list(Credential.objects.select_related("bot").filter(bot=bot, kind=kind, retired_at=None))


def _add(bot: Bot, kind: Kind, *, by: Actor, **fields: Any) -> Credential:
    label = (fields.get("trust") or {}).get("subject") or fields.get("jwks_uri") or ""
    credential = Credential.objects.create(
        bot=bot, kind=kind, label=label[:100], created_by=str(by)[:300], **fields
    )
    shown = {name: value for name, value in fields.items() if value}
    record_event(f"{kind.value}_added", by=by, target=bot.name, after={"id": str(credential.id), **shown})
    return credential


def _check_keys(jwks: Mapping[str, Any], kind: Kind) -> None:
    _check_storable(jwks)
    algorithms = client_authentication.ALGORITHMS if kind == Kind.PUBLIC_KEYS else workload_token.ALGORITHMS
    try:
        parsed = JwkSet.parse(jwks)
    except KeySetRefused as error:
        raise KeysRefused(str(error)) from error
    # A bot's keys are for this alone; a platform publishes in one document what else it has keys for.
    only_some = kind == Kind.FEDERATION and bool(parsed.keys)
    for key in parsed.refused:
        if key.reason.startswith(EXPOSED) or not only_some:
            raise KeysRefused(f"A key cannot be used: {key.reason}.")
    if not parsed.keys:
        raise KeysRefused("The key set is empty.")
    kids = [key.kid for key in distinct(parsed.keys)]
    if len(kids) > 1 and (None in kids or len(set(kids)) < len(kids)):
        raise KeysRefused("Of several keys each needs a kid of its own, or nobody can tell which has signed.")
    useless = [key.why_useless(algorithms) for key in parsed.keys]
    if any(useless) and (all(useless) or not only_some):
        raise KeysRefused(f"A key cannot be used: {next(filter(None, useless))}.")


def _check_storable(jwks: Mapping[str, Any]) -> None:
    """PostgreSQL keeps no NUL, no half of a surrogate pair and no NaN, and would say so in words of its own."""
    try:
        text = json.dumps(jwks, ensure_ascii=False, allow_nan=False)
        unstorable = "\\u0000" in text or not text.encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        unstorable = True
    if unstorable:
        raise KeysRefused("The key set holds characters or numbers that no key has.")


def _check_address(jwks_uri: str) -> None:
    try:
        parts = urlsplit(jwks_uri)
    except ValueError:
        raise KeysRefused("The address of the key set is not a URL.") from None
    schemes = ("https", "http") if settings.ALLOW_LOOPBACK_PROVIDERS else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.fragment or len(jwks_uri) > 512:
        raise KeysRefused("The address of a key set is an https URL.", received=jwks_uri[:100])
