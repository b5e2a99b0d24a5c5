"""
The keys of the configuration file and the kind of value of each; those of providers are the API's.

A kind reports every fault in the shape of a value, not only the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Protocol

from rest_framework import serializers

from providers.api.serializers import ProviderSerializer
from ssoconsole.platform.yaml import LONGEST_KEY_SHOWN, SECRET_KEY_NAME, Findings, Path

_DAY = len("2027-01-31")

# Beside `env`, and true: in a dry run the variable need not be set.
PLACEHOLDER = "placeholder"

# Section, and the key that identifies one of its items.
SECTIONS = {"providers": "slug", "audiences": "identifier", "bots": "name"}


def moment(text: str) -> datetime | None:
    """
    Return the moment that ISO 8601 text means, in UTC: a day is its first moment. None for anything else.

    A time without its zone is refused: it would be another moment on another machine.
    """
    try:
        found = datetime.fromisoformat(text)
        if len(text) == _DAY:
            return found.replace(tzinfo=UTC)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


class Kind(Protocol):
    """Something that a value may be."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        """Add a problem for everything about `value` that is not as it should be; never show a value."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, str):
            quotes = "; put it in quotes" if isinstance(value, bool | int | float) else ""
            findings.add(path, f"expected text, found {_found(value)}{quotes}")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            findings.add(path, f"expected a whole number, found {_found(value)}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a moment with its time zone, as text."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, str) or moment(value) is None:
            findings.add(
                path, "expected a day or a moment with its time zone: 2027-01-31 or 2027-01-31T12:00:00Z"
            )


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, bool):
            findings.add(path, f"expected true or false, found {_found(value)}")


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever JSON allows."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret: `{env: NAME}`, `{file: /path}` or the secret itself."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if is_secret(value):
            return
        if isinstance(value, bool | int | float):
            findings.add(path, f"expected text, found {_found(value)}; put it in quotes")
            return
        findings.add(path, "expected {env: NAME}, {file: /path} or text")


@dataclass(frozen=True, slots=True)
class Items:
    """A list of one kind."""

    of: Kind

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add(path, f"expected a list, found {_found(value)}")
            return
        for index, item in enumerate(value):
            self.of.check(item, (*path, index), findings)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with keys of the administrator's choice."""

    of: Kind

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add(path, f"expected a mapping, found {_found(value)}")
            return
        for key, item in value.items():
            self.of.check(item, (*path, key), findings)


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with these keys and no others; one that is not required may be null, for its default."""

    keys: Mapping[str, Kind]
    required: tuple[str, ...] = ()

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add(path, f"expected a mapping, found {_found(value)}")
            return
        for key in self.required:
            if key not in value:
                findings.add((*path, key), "is required")
        for key, item in value.items():
            self._check_key(key, item, (*path, key), findings)

    def _check_key(self, key: str, item: Any, path: Path, findings: Findings) -> None:
        if key not in self.keys:
            findings.add(path, f"unknown key{self._suggestion(key)}")
        elif item is not None:
            self.keys[key].check(item, path, findings)
        elif key in self.required:
            findings.add(path, "is required and cannot be null")

    def _suggestion(self, key: str) -> str:
        near = get_close_matches(key[:LONGEST_KEY_SHOWN], self.keys, n=1)
        return f"; did you mean {near[0]}?" if near else ""


def is_secret(value: Any) -> bool:
    """Tell whether a value is text, or says where text is."""
    if isinstance(value, str):
        return True
    if not isinstance(value, dict) or value.keys() not in ({"env"}, {"file"}, {"env", PLACEHOLDER}):
        return False
    return isinstance(value.get("env", value.get("file")), str) and value.get(PLACEHOLDER, True) is True


def _found(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
    return "a mapping"


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
