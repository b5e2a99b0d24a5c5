"""A plan as text for a person."""

import json
from collections.abc import Iterator
from typing import Any

from ssoconsole.console.configuration.plan import Action, Change, Hidden, Plan, Step

MARKERS = {Action.CREATED: "+", Action.CHANGED: "~", Action.DISABLED: "-"}
NOUNS = {"providers": "provider", "audiences": "audience", "bots": "bot"}


def differences(plan: Plan) -> str:
    """Return the plan with `+` for what is new, `~` for what changes, `-` for what goes; "" where nothing does."""
    return "\n".join(line for step in plan.steps for line in _step(step))


def report(plan: Plan, *, dry_run: bool = False) -> str:
    """
    Return the differences; the last line sums up.

    Secrets appear as `(secret)`. What stays as it is is only counted.
    """
    lines = ["Dry run: nothing is written."] if dry_run else []
    if told := differences(plan):
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
