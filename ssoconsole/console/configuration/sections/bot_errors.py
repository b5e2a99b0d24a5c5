"""Which key of a bot's entry an error is about; the domain is asked again, one item at a time."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from ssoconsole.console.configuration.sections.section import Entry
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.yaml.problems import Path
from tokens.bots.grants import GrantSpec, check_grant
from tokens.credentials.keyless import checked_keys
from tokens.models import Audience, Credential
from tokens.protocol.federation import check_rule
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
