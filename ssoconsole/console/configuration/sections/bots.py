"""
The section `bots`.

An error of the domain names no key of the file: the domain is asked again, one item at a time, to find it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from ssoconsole.console.configuration.plan import Hidden
from ssoconsole.console.configuration.sections.section import Applied, Entry, EntryRefused, fill
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.yaml import Path
from tokens.bots.grants import GrantSpec, check_grant
from tokens.bots.services import disable_bot, enable_bot, owner_waits, save_bot
from tokens.credentials.keyless import checked_keys, set_federation, set_public_keys
from tokens.credentials.services import add_client_secret, find_client_secret
from tokens.models import Audience, Bot, Credential
from tokens.protocol.federation import caution_about_rule, check_rule
from tokens.protocol.networks import check_networks

Kind = Credential.Kind
TRUST = ("issuer", "audience", "subject", "claims")
KEY_OF_CODE = {
    "bot_name_taken": "name",
    "bot_name_immutable": "name",
    "bot_retired": "name",
    "network_invalid": "allowed_networks",
    "grant_repeated": "grants",
    "invalid_scope": "grants",
    "role_invalid": "grants",
    "client_secret_too_weak": "client_secret",
    "client_secret_in_use": "client_secret",
    "public_keys_refused": "jwks",
    "federation_rule_invalid": "federation",
    "rule_too_wide": "federation",
}
FIELDS = ("description", "owner", "allowed_networks", "max_live_tokens")
SECRET_LABEL = "configuration file"  # noqa: S105 - a label


def locate(error: DomainError, entry: Entry) -> Path:
    """Return the path within the entry, as deep as it can be told; () for the bot as a whole."""
    key = KEY_OF_CODE.get(error.code)
    if key is None:
        return ()
    if key == "allowed_networks":
        return (key, *_refused_item(entry.get(key), lambda network: check_networks([network])))
    if key == "grants":
        return (key, *_grant_path(error, entry))
    if key == "federation":
        return (key, *_rule_path(error, entry))
    if key == "jwks":
        return _keys_path(entry)
    return (key,)


def _keys_path(entry: Entry) -> Path:
    """Where the keys are that are refused: the bot's own, or a platform's."""
    if not _refused_item([entry], lambda keys: _check_keys(keys, Kind.PUBLIC_KEYS)):
        path = _refused_item(entry.get("federation"), lambda keys: _check_keys(keys, Kind.FEDERATION))
        rule = entry["federation"][path[0]] if path else {}
        return ("federation", *path, *_named_keys(rule)) if path else ()
    return _named_keys(entry)


def _named_keys(entry: Entry) -> Path:
    return ("jwks_uri",) if entry.get("jwks") is None else ("jwks",)


def _refused_item(items: Any, check: Callable[[Any], object]) -> Path:
    """The index of the first item that is refused when it stands alone."""
    for index, item in enumerate(items or []):
        try:
            check(item)
        except DomainError:
            return (index,)
    return ()


def _grant_path(error: DomainError, entry: Entry) -> Path:
    if error.code == "grant_repeated":
        return ()
    path = _refused_item(entry.get("grants"), _check_grant)
    return (*path, "roles" if error.code == "role_invalid" else "scopes") if path else ()


def _check_grant(grant: dict[str, Any]) -> GrantSpec:
    audience = Audience.objects.get(identifier=grant["audience"])
    return check_grant(GrantSpec(audience, grant.get("scopes") or [], grant.get("roles") or []))


def _rule_path(error: DomainError, entry: Entry) -> Path:
    path = _refused_item(entry.get("federation"), _check_rule)
    if not path:
        return ()
    rule = entry["federation"][path[0]]
    named = error.expected.partition(",")[0]
    members = [name for name in TRUST if named == name]
    members += [name for name in TRUST if not error.expected and rule.get(name) == error.received]
    return (*path, *members[:1])


def _check_keys(entry: Entry, kind: Kind) -> object:
    return checked_keys(entry.get("jwks"), entry.get("jwks_uri"), kind)


def _check_rule(rule: dict[str, Any]) -> dict[str, Any]:
    rule = {name: rule[name] for name in TRUST if name in rule}
    return check_rule(rule, allow_http=settings.ALLOW_LOOPBACK_PROVIDERS)


class Bots:
    """
    Machine identities, their grants and credentials.

    `declared` are the audiences that the file itself names: one that is not in the database although the file
    declares it has been refused already, and is not reported again at every grant.
    """

    name = "bots"
    key = "name"

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._declared = frozenset(declared)

    def apply(self, entry: Entry, *, by: Actor) -> Applied:
        row = Bot.objects.filter(name=entry["name"]).first()
        before = describe(row) if row else None
        row = row or Bot(name=entry["name"])
        fill(row, entry, FIELDS)
        grants = self._grants(entry)
        if before is None or _asks_for_more(row, grants, before):
            save_bot(bot=row, grants=grants, by=by)
        _set_public_keys(row, entry, by=by)
        warnings = (*_set_federation(row, entry, by=by), *_add_secret(row, entry, by=by), *_about_owner(row))
        _switch(row, entry, by=by)
        return Applied(before, describe(Bot.objects.get(pk=row.pk)), warnings)

    def locate(self, error: DomainError, entry: Entry) -> Path:
        return locate(error, entry)

    def disable_others(self, named: Iterable[str], *, by: Actor) -> list[str]:
        others = list(Bot.objects.enabled().exclude(name__in=named).order_by("name"))
        for bot in others:
            disable_bot(bot=bot, by=by)
        return [bot.name for bot in others]

    def _grants(self, entry: Entry) -> list[GrantSpec] | None:
        if "grants" not in entry:
            return None
        given = entry["grants"] or []
        found = Audience.objects.in_bulk({grant["audience"] for grant in given}, field_name="identifier")
        missing = [index for index, grant in enumerate(given) if grant["audience"] not in found]
        if missing:
            unknown = (index for index in missing if given[index]["audience"] not in self._declared)
            raise EntryRefused(
                (("grants", index, "audience"), "names no audience of this file or the database")
                for index in unknown
            )
        return [
            GrantSpec(found[grant["audience"]], grant.get("scopes") or [], grant.get("roles") or [])
            for grant in given
        ]


def describe(row: Bot) -> Entry:
    """Tell a bot in the file's keys, in the file's order; of its credentials those that are live."""
    live = row.credentials.live(at=timezone.now())
    keys = live.filter(kind=Credential.Kind.PUBLIC_KEYS).first()
    secrets = frozenset(live.client_secrets().values_list("pk", flat=True))
    trusts = live.filter(kind=Credential.Kind.FEDERATION).order_by("created_at", "pk")
    return {
        "name": row.name,
        **{name: getattr(row, name) for name in FIELDS},
        "owner": row.owner or None,
        "grants": [
            {"audience": grant.audience.identifier, "scopes": grant.scopes, "roles": grant.roles}
            for grant in row.grants.select_related("audience").order_by("audience__identifier")
        ],
        "client_secret": Hidden(secrets) if secrets else None,
        **_keys(keys),
        "federation": [
            {name: (trust.trust or {}).get(name) for name in TRUST} | _keys(trust) for trust in trusts
        ],
        "enabled": row.disabled_at is None,
    }


def _keys(credential: Credential | None) -> Entry:
    """Tell the public keys that a credential has, or where they are."""
    return {
        "jwks": credential.public_keys if credential else None,
        "jwks_uri": (credential.jwks_uri or None) if credential else None,
    }


def _asks_for_more(row: Bot, grants: list[GrantSpec] | None, before: Entry) -> bool:
    if grants is not None:
        asked = [(grant.audience.identifier, [*grant.scopes], [*grant.roles]) for grant in grants]
        if asked != [(grant["audience"], grant["scopes"], grant["roles"]) for grant in before["grants"]]:
            return True
    return any((before[name] or type(before[name])()) != getattr(row, name) for name in FIELDS)


def _set_public_keys(row: Bot, entry: Entry, *, by: Actor) -> None:
    """The two keys are one setting: to name one replaces the other, and null takes away what it names."""
    now = describe(row)
    jwks, jwks_uri = entry.get("jwks"), entry.get("jwks_uri")
    if jwks is None and not jwks_uri:
        jwks = None if "jwks" in entry else now["jwks"]
        jwks_uri = None if "jwks_uri" in entry else now["jwks_uri"]
    if (jwks, jwks_uri or None) != (now["jwks"], now["jwks_uri"]):
        set_public_keys(bot=row, jwks=jwks, jwks_uri=jwks_uri, by=by)


def _set_federation(row: Bot, entry: Entry, *, by: Actor) -> tuple[str, ...]:
    if "federation" not in entry:
        return ()
    rules = [
        {"jwks": None, **rule, "claims": rule.get("claims") or {}, "jwks_uri": rule.get("jwks_uri") or None}
        for rule in entry["federation"] or []
    ]
    if rules != describe(row)["federation"]:
        set_federation(bot=row, rules=rules, by=by)
    return tuple(caution for rule in rules if (caution := caution_about_rule(rule)))


def _add_secret(row: Bot, entry: Entry, *, by: Actor) -> tuple[str, ...]:
    """Secrets are only added: what a running bot still uses while it is given a new one goes on working."""
    secret = entry.get("client_secret")
    if not secret or find_client_secret(bot=row, client_secret=secret):
        return ()
    add_client_secret(bot=row, label=SECRET_LABEL, expires_at=None, by=by, client_secret=secret)
    others = row.credentials.live(at=timezone.now()).client_secrets().count() - 1
    if others:
        return (f"client secrets that the bot had before stay valid until they are retired: {others}",)
    return ()


def _about_owner(row: Bot) -> tuple[str, ...]:
    """A file that is applied every night confirms nobody who has just taken the name."""
    if not owner_waits(row):
        return ()
    return (
        f"{row.owner} has signed up since the bot was given to that name, and owns it once that is confirmed",
    )


def _switch(row: Bot, entry: Entry, *, by: Actor) -> None:
    if "enabled" not in entry:
        return
    wanted = entry["enabled"] is not False
    if wanted != (row.disabled_at is None):
        (enable_bot if wanted else disable_bot)(bot=row, by=by)
