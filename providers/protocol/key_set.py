"""What differs between two key sets of a provider, and their public halves."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.keys import thumbprint

# What RFC 7517 and RFC 7518 publish of a key; every other member may be the private half, or anything.
_PUBLIC = frozenset(
    {"kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e", "x5t", "x5t#S256", "x5u", "x5c"}
)
_ASYMMETRIC = ("RSA", "EC", "OKP")
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """
    The names of keys that came, went, or are another key under the same name.

    A `kid` that means another key than before is no rotation: a verifier that keeps keys by name is made to
    believe the new one for the old. A key of another kind beside the one that stays, and a key to encrypt by, is none
    that could be taken for it.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


def key_changes(before: Any, after: Any) -> KeyChanges:
    """Compare two JWKS documents by their keys; None, or what is none, has no keys."""
    old, new = _by_name(before), _by_name(after)
    both = [name for name in new if name in old]
    return KeyChanges(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        replaced=tuple(name for name in both if _are_others(old[name], new[name])),
    )


def _are_others(old: set[tuple[str, str]], new: set[tuple[str, str]]) -> bool:
    """Tell whether `new` keys under one name, each its kind and material, could be taken for `old` ones."""
    kinds = {kind for kind, _ in old}
    return bool(new - old) and (bool(old - new) or any(kind in kinds for kind, _ in new - old))


def same_keys(before: Any, after: Any) -> bool:
    """Tell whether two documents hold the same keys, each with the same members, in whatever order."""
    return _spelt(before) == _spelt(after)


def public_halves(document: Any) -> dict[str, Any]:
    """Return the JWKS with what is public in it; symmetric keys, which are secrets, are left out."""
    keys = [entry for entry in _entries(document) if entry.get("kty") in _ASYMMETRIC]
    return {"keys": [{name: entry[name] for name in entry if name in _PUBLIC} for entry in keys]}


def exposed_keys(document: Any) -> tuple[str, ...]:
    """The names of keys whose secret half is published, by mistake or worse."""
    return tuple(_name(entry) for entry in _entries(document) if any(map(entry.get, _PRIVATE)))


def _spelt(document: Any) -> list[str]:
    return sorted(json.dumps(entry, sort_keys=True) for entry in _entries(document))


def _by_name(document: Any) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for entry in _entries(document):
        materials = found.setdefault(_name(entry), set())
        if entry.get("use") != "enc":
            materials.add((str(entry.get("kty")), _material(entry)))
    return found


def _entries(document: Any) -> Iterator[Mapping[str, Any]]:
    entries = document.get("keys") if isinstance(document, Mapping) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping):
            yield entry


def _name(entry: Mapping[str, Any]) -> str:
    kid = entry.get("kid")
    return kid[:255] if isinstance(kid, str) else f"without kid ({_material(entry)[:16]})"


def _material(entry: Mapping[str, Any]) -> str:
    try:
        return thumbprint({name: _as_number(name, entry[name]) for name in entry})
    except ValueError:
        return "unreadable"


def _as_number(name: str, value: Any) -> Any:
    """Return a number of an RSA key as RFC 7518 section 6.3.1 spells it: a zero or padding more is the same key."""
    if name not in ("n", "e") or not isinstance(value, str):
        return value
    try:
        return base64url.encode(base64url.decode(value.rstrip("=")).lstrip(b"\0"))
    except ValueError:
        return value
