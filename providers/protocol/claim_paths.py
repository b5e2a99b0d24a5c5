"""Paths into claims: `email`, `realm_access.roles`, `emails.0`, `https://corp.example/groups`."""

from collections.abc import Iterator, Mapping
from typing import Any


def values_at(claims: Any, path: str) -> list[Any]:
    """
    Return every value at the dotted `path`, in order; null counts as absent.

    A whole number picks one member of an array; otherwise the path goes on in each of its members, so that
    `groups.name` reads the names of a list of groups. A name may hold dots itself, as claims named by a URL
    do: the longest name that is there is taken.
    """
    if not path:
        return [] if claims is None else [claims]
    if isinstance(claims, list):
        return _in_array(claims, path)
    if isinstance(claims, Mapping):
        found = next((split for split in splits(path) if split[0] in claims), None)
        return values_at(claims[found[0]], found[1]) if found else []
    return []


def value_at(claims: Any, path: str) -> Any:
    """Return the first value at `path`, or None."""
    return next(iter(values_at(claims, path)), None)


def listed_paths(text: str) -> list[str]:
    """Return the paths of a list between commas, such as `groups, params.roles`; "" has none."""
    return [path for part in text.split(",") if (path := part.strip())]


def splits(path: str) -> Iterator[tuple[str, str]]:
    """Give the path as name and rest, the longest name first."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        yield ".".join(parts[:end]), ".".join(parts[end:])


def _in_array(members: list[Any], path: str) -> list[Any]:
    head, _, rest = path.partition(".")
    if not (head.isascii() and head.isdigit()):
        return [value for member in members for value in values_at(member, path)]
    # A longer number than any array has is no index; int() of a very long one would be slow.
    if len(head) > 6 or int(head) >= len(members):
        return []
    return values_at(members[int(head)], rest)
