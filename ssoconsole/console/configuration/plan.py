"""What applying a file does: one step for each object, with what differs in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ssoconsole.platform.yaml import Path, Problem


class Action(StrEnum):
    """What happens to an object."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Something secret: can be compared, and shows nothing."""

    value: object = field(repr=False)

    def __str__(self) -> str:
        return "(secret)"


@dataclass(frozen=True, slots=True)
class Change:
    """One key, spelt with dots for what is inside of it; None stands for nothing there."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One object of one section."""

    section: str
    identifier: str
    action: Action
    changes: tuple[Change, ...] = ()


@dataclass(slots=True)
class Plan:
    """Every step in the order of the file, what is pruned after it; and what deserves a look."""

    steps: list[Step] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    # Where each provider stands whose discovery document is to be fetched once all of this is kept.
    to_fetch: dict[str, Path] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        return any(step.action != Action.UNCHANGED for step in self.steps)

    def count(self, action: Action) -> int:
        return sum(step.action == action for step in self.steps)


def differences(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> Iterator[Change]:
    """Give what differs between two descriptions, in the order of `after`; mappings key by key."""
    for key in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from differences(old, new, f"{prefix}{key}.")
        else:
            yield Change(f"{prefix}{key}", old, new)
