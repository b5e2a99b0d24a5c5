"""What applying, pruning and exporting need to know about a section, and what the sections share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.yaml import Path

Entry = dict[str, Any]


class EntryRefused(Exception):
    """What is wrong with one object: paths within it, and sentences."""

    def __init__(self, problems: Iterable[tuple[Path, str]]) -> None:
        super().__init__()
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an object was and has become, described in the file's own keys; `before` is None for a new one."""

    before: Entry | None
    after: Entry
    warnings: tuple[str, ...] = ()


class Section(Protocol):
    """One section of the file."""

    name: str
    key: str

    def apply(self, entry: Entry, *, by: Actor) -> Applied:
        """Make one object as `entry` says. Raises EntryRefused, DomainError, ValidationError."""

    def locate(self, error: DomainError, entry: Entry) -> Path:
        """Tell which key of `entry` a domain error is about; () for the object as a whole."""

    def disable_others(self, named: Iterable[str], *, by: Actor) -> list[str]:
        """Disable what is enabled and not named; return the identifiers."""


def default_of(model: type[models.Model], name: str) -> Any:
    """What `null` means for a field of a model: null where it may be null, otherwise its default."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)  # noqa: S101 - for the type checker: only columns are asked for
    return None if field.null else field.get_default()


def fill(row: models.Model, entry: Mapping[str, Any], names: Iterable[str]) -> None:
    """Put what `entry` has under these names on the row; what it does not have stays."""
    for name in names:
        if name in entry:
            value = entry[name]
            setattr(row, name, default_of(type(row), name) if value is None else value)


def require(entry: Entry, names: Iterable[str], *, noun: str) -> None:
    """Raise EntryRefused for what a new object cannot do without."""
    missing = [((name,), f"is required for a new {noun}") for name in names if entry.get(name) is None]
    if missing:
        raise EntryRefused(missing)


def problems_of(error: ValidationError) -> list[tuple[Path, str]]:
    """What Django's validation found, by field."""
    found: list[tuple[Path, str]] = []
    for name, errors in error.update_error_dict({}).items():
        path = () if name == NON_FIELD_ERRORS else (name,)
        found += [(path, sentence) for sentence in ValidationError(errors).messages]
    return found
