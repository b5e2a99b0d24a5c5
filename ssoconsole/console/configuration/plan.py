"""
What applying a file does: one step for each object, with what differs in it, and the whole as text for a person.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ssoconsole.platform.yaml import Path, Problem

NOUNS = {"providers": "provider", "audiences": "audience", "bots": "bot"}


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


MARKERS = {Action.CREATED: "+", Action.CHANGED: "~", Action.DISABLED: "-"}


def shown_differences(plan: Plan) -> str:
    """Return the plan with `+` for what is new, `~` for what changes, `-` for what goes; "" where nothing does."""
    return "\n".join(line for step in plan.steps for line in _step(step))


def report(plan: Plan, *, dry_run: bool = False) -> str:
    """
    Return the differences; the last line sums up.

    Secrets appear as `(secret)`. What stays as it is is only counted.
    """
    lines = ["Dry run: nothing is written."] if dry_run else []
    if told := shown_differences(plan):
        lines.append(told)
    else:
        lines.append("Nothing to change.")
    lines.append(", ".join(f"{plan.count(action)} {action}" for action in Action))
    return "\n".join(lines)


def _step(step: Step) -> Iterator[str]:
    if step.action == Action.UNCHANGED:
        return
    note = " (disabled: the file does not name it)" if step.action == Action.DISABLED else ""
    yield f"{MARKERS[step.action]} {NOUNS[step.section]} {printable(step.identifier)}{note}"
    width = max((len(change.key) for change in step.changes), default=0)
    for change in step.changes:
        yield "    " + _change(change, width)


def _change(change: Change, width: int) -> str:
    key = printable(change.key).ljust(width)
    if change.before is None:
        return f"+ {key}  {_value(change.after)}"
    if change.after is None:
        return f"- {key}  {_value(change.before)}"
    if isinstance(change.after, Hidden):
        return f"~ {key}  (secret) changed"
    return f"~ {key}  {_value(change.before)} → {_value(change.after)}"


def _value(value: Any) -> str:
    if isinstance(value, Hidden):
        return str(value)
    return printable(json.dumps(value, ensure_ascii=False))


def printable(text: str) -> str:
    """Escape what could move the cursor or turn the reading direction of a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
