"""The keys of the configuration file and what each one holds; those of providers are the API's."""

from typing import Any

from rest_framework import serializers

from providers.api.serializers import ProviderSerializer
from ssoconsole.console.configuration.kinds import (
    Anything,
    Flag,
    Items,
    Kind,
    Moment,
    Record,
    Secret,
    Table,
    Text,
    Whole,
)
from ssoconsole.platform.yaml.problems import SECRET_KEY_NAME, Findings

AUDIENCE = Record(
    {
        "identifier": Text(),
        "name": Text(),
        "scopes": Items(Text()),
        "profile": Text(),
        "signing_alg": Text(),
        "token_lifetime": Whole(),
        "max_token_lifetime": Whole(),
        "enabled": Flag(),
    },
    required=("identifier",),
)

GRANT = Record({"audience": Text(), "scopes": Items(Text()), "roles": Items(Text())}, required=("audience",))
TRUST = Record(
    {
        "issuer": Text(),
        "audience": Text(),
        "subject": Text(),
        "claims": Table(Text()),
        "jwks": Table(Anything()),
        "jwks_uri": Text(),
    },
    required=("issuer", "audience", "subject"),
)

BOT = Record(
    {
        "name": Text(),
        "description": Text(),
        "owner": Text(),
        "allowed_networks": Items(Text()),
        "max_live_tokens": Whole(),
        "grants": Items(GRANT),
        "client_secret": Secret(),
        "jwks": Table(Anything()),
        "jwks_uri": Text(),
        "federation": Items(TRUST),
        "enabled": Flag(),
    },
    required=("name",),
)

# Section, and the key that identifies one of its items.
SECTIONS = {"providers": "slug", "audiences": "identifier", "bots": "name"}


def check_shape(document: Any, findings: Findings) -> None:
    """Add a problem for every unknown key, wrong type, missing key and repeated identifier of the document."""
    if not isinstance(document, dict):
        findings.add((), f"expected a mapping with {', '.join(SECTIONS)}")
        return
    # Sections are not nullable: with --prune, "nothing here" must be written as [] to be meant.
    sections = {name: Items(item) for name, item in section_items().items()}
    Record(sections, required=tuple(document.keys() & sections.keys())).check(document, (), findings)
    for name, key in SECTIONS.items():
        _check_unique(name, document.get(name), key, findings)


def section_items() -> dict[str, Record]:
    """What an item of each section holds."""
    provider = _record(ProviderSerializer(), required=("slug",))
    return {"providers": provider, "audiences": AUDIENCE, "bots": BOT}


def _record(serializer: Any, *, required: tuple[str, ...] | None = None) -> Record:
    """The keys that the API's body has, and what each holds; a secret may be where the file says."""
    fields = {name: field for name, field in serializer.fields.items() if not field.read_only}
    kinds = {name: Secret() if name == SECRET_KEY_NAME else _kind(field) for name, field in fields.items()}
    if required is None:
        required = tuple(name for name, field in fields.items() if field.required)
    return Record(kinds, required)


def _kind(field: Any) -> Kind:
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        return Items(_kind(field.child))
    if isinstance(field, serializers.DictField):
        return Table(_kind(field.child))
    if isinstance(field, serializers.Serializer):
        return _record(field)
    simple: tuple[tuple[type, Kind], ...] = (
        (serializers.BooleanField, Flag()),
        (serializers.IntegerField, Whole()),
        (serializers.DateTimeField, Moment()),
    )
    return next((kind for called, kind in simple if isinstance(field, called)), Text())


def _check_unique(section: str, items: Any, key: str, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for index, item in enumerate(items if isinstance(items, list) else []):
        identifier = item.get(key) if isinstance(item, dict) else None
        if not isinstance(identifier, str):
            continue
        if identifier in seen:
            findings.add((section, index, key), f"is the same as that of {section}[{seen[identifier]}]")
        seen.setdefault(identifier, index)
