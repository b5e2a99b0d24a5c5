"""
Write corrections: a line as it should be, or what is to be added to a block.

All checks run again on the corrected file until nothing more is found. So a correction never leads to the next finding:
where several things are wrong with one setting, each of their findings has the line that is right in the end.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from providers.protocol.openmetadata.document import (
    REFERENCE,
    Correction,
    Document,
    Entry,
    Form,
    Path,
    Spelling,
    Stray,
    Trap,
)
from providers.protocol.openmetadata.findings import Mistake
from providers.protocol.openmetadata.lint.facts import Facts
from providers.protocol.openmetadata.quoting import assignment, quoted, typed, variable_value
from providers.protocol.openmetadata.schema import (
    FILE_SECTIONS,
    HELM_SECTIONS,
    OIDC_SECRET,
    OIDC_SECRET_KEYS,
    Setting,
    Type,
)

EXTRA = "extraEnvs"
_VARIABLES = (Spelling.ASSIGNMENT, Spelling.ITEM, Spelling.VARIABLE, Spelling.PAIR)
Check = Callable[[Document, Facts], Iterator[Trap]]

# More follow from one another only in a file that is nothing but mistakes.
MOST_ROUNDS = 10


class Writer:
    """Writes the corrections of a document, when all of them are known."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def finding(self, trap: Trap) -> Mistake:
        """Return a finding with its text, and with the line of the block that something is to be added to."""
        fix = trap.fix
        if not isinstance(fix, Correction):
            return Mistake(trap.line, trap.code, trap.message, fix)
        entry = self.document.entries[fix.setting.path]
        line, text = self._added(entry) if entry.added else (entry.line, self._line(entry))
        return Mistake(line or trap.line, trap.code, trap.message, text)

    def _line(self, entry: Entry) -> str:
        if entry.spelling != Spelling.PAIR or entry.value is not REFERENCE:
            return entry.before + self._value(entry)
        if entry.raw:
            return entry.before + _reference(entry)
        return entry.before.replace("value", "valueFrom") + _pair_reference(entry)

    def _value(self, entry: Entry) -> str:
        if entry.value is REFERENCE:
            return _reference(entry)
        return rendered(entry.setting, entry.value, entry.spelling, variable=entry.variable)

    def _added(self, entry: Entry) -> tuple[int, str]:
        """Return what is to be added, and where; 0 for the place of what was found."""
        document, named = self.document, entry.setting
        if document.form == Form.ENV:
            return 0, self._variable(entry)
        if entry.spelling == Spelling.PAIR:
            return self._extra(entry)
        inner = (HELM_SECTIONS if document.form == Form.HELM else FILE_SECTIONS)[named.section]
        path = (*document.root, *inner)
        if path in document.places:
            return document.places[path], self._child(path) + self._named(entry)
        known = next(
            length for length in range(len(path), -1, -1) if not length or path[:length] in document.places
        )
        indent, lines = self._child(path[:known]), []
        for key in path[known:]:
            lines.append(f"{indent}{key}:")
            indent += "  "
        together = [other for other in self._additions() if other.setting.section == named.section]
        lines += [indent + self._named(other) for other in together if other.spelling != Spelling.PAIR]
        return document.places.get(path[:known], 0), "\n".join(lines)

    def _extra(self, entry: Entry) -> tuple[int, str]:
        places, base = self.document.places, self.document.base
        if (*base, EXTRA, 0) in places:
            return places[*base, EXTRA], _pair(entry, self._indent(places[*base, EXTRA, 0]))
        indent = self._child(base)
        pairs = [
            _pair(other, f"{indent}  ") for other in self._additions() if other.spelling == Spelling.PAIR
        ]
        return places[base] if base else 0, "\n".join([f"{indent}{EXTRA}:", *pairs])

    def _variable(self, entry: Entry) -> str:
        first = next((other for other in self.document.entries.values() if not other.added), None)
        indent = re.match(r"\s*", first.before)[0] if first else ""  # type: ignore[index]  # matches nothing too
        if entry.spelling == Spelling.VARIABLE:
            return f"{indent}{entry.setting.variable}: {self._value(entry)}"
        return (f"{indent}- " if entry.spelling == Spelling.ITEM else "") + self._value(entry)

    def _named(self, entry: Entry) -> str:
        return f"{name_of(entry.setting, entry.spelling)}: {self._value(entry)}"

    def _additions(self) -> list[Entry]:
        return [entry for entry in self.document.entries.values() if entry.added]

    def _child(self, path: tuple[str | int, ...]) -> str:
        """Return the indentation of what stands in a block."""
        if not path:
            return ""
        depth = len(path) + 1
        children = [
            line for place, line in self.document.places.items() if place[:-1] == path and len(place) == depth
        ]
        own = self.document.places[path]
        below = [line for line in children if line > own]
        return self._indent(min(below)) if below else self._indent(own) + "  "

    def _indent(self, line: int) -> str:
        return re.match(r"\s*", self.document.lines[line - 1])[0]  # type: ignore[index]  # matches nothing too


def addition_spelling(document: Document, named: Setting) -> Spelling:
    """Return how a setting is written that a document does not have yet."""
    if document.form == Form.FILE:
        return Spelling.FILE
    if document.form == Form.HELM:
        return Spelling.HELM if named.helm else Spelling.PAIR
    return next((entry.spelling for entry in document.entries.values()), Spelling.ASSIGNMENT)


def renamed(stray: Stray, named: Setting) -> str:
    """Return what precedes the value of a name that nobody reads, with the right name."""
    if stray.spelling in (Spelling.ASSIGNMENT, Spelling.ITEM):
        return stray.before
    if stray.spelling == Spelling.PAIR:
        indent = re.sub(r"[^ ]", " ", re.match(r"\s*(?:- )?", stray.before)[0])  # type: ignore[index]  # matches nothing too
        return f"{stray.before}{named.variable}\n{indent}value: "
    return re.sub(r"[^ -].*", "", stray.before) + f"{name_of(named, stray.spelling)}: "


def name_of(named: Setting, spelling: Spelling) -> str:
    """Return what a setting is called where it is written in this way."""
    if spelling in _VARIABLES:
        return named.variable
    return named.helm if spelling == Spelling.HELM else named.key


def rendered(named: Setting, value: Any, spelling: Spelling, *, variable: str = "") -> str:
    """Return a value as it is written after its name; an assignment with its name."""
    if spelling == Spelling.ASSIGNMENT:
        return assignment(named.variable, value)
    if spelling == Spelling.ITEM:
        return quoted(f"{named.variable}={variable_value(value)}")
    if spelling in (Spelling.VARIABLE, Spelling.PAIR):
        return quoted(variable_value(value))
    if spelling == Spelling.HELM:
        return typed(value, named.helm_type or named.type)
    written = typed(value, named.type)
    return f"${{{variable}:-{written}}}" if variable else written


def secret_reference(named: Setting) -> str:
    """Return where the chart finds the client id or the client secret."""
    return f"{{secretRef: {OIDC_SECRET}, secretKey: {OIDC_SECRET_KEYS[named.key]}}}"


def _reference(entry: Entry) -> str:
    """Return where a value is, as each form refers to it."""
    variable = entry.setting.variable
    if entry.spelling == Spelling.HELM:
        return f'"{entry.raw}"' if entry.raw else secret_reference(entry.setting)
    if entry.spelling == Spelling.FILE:
        return entry.raw or f'${{{variable}:-""}}'
    reference = entry.raw or f"${{{variable}}}"
    if entry.spelling in (Spelling.ASSIGNMENT, Spelling.ITEM):
        return (
            f"{variable}={reference}"
            if entry.spelling == Spelling.ASSIGNMENT
            else f'"{variable}={reference}"'
        )
    return f'"{reference}"'


def _pair_reference(entry: Entry) -> str:
    return f"{{secretKeyRef: {{name: {OIDC_SECRET}, key: {OIDC_SECRET_KEYS[entry.setting.key]}}}}}"


def _pair(entry: Entry, indent: str) -> str:
    name = entry.setting.variable
    return f"{indent}- name: {name}\n{indent}  value: {rendered(entry.setting, entry.value, Spelling.PAIR)}"


def findings_of(
    document: Document, facts: Facts, *, first: Sequence[Check], then: Sequence[Check]
) -> list[Mistake]:
    """Return what is wrong. What the `first` checks find is corrected before the others look. Corrects `document`."""
    traps: dict[tuple[Any, ...], Trap] = {}
    corrected: set[Path] = set()
    checks = first
    for _ in range(MOST_ROUNDS):
        found = [
            trap for check in checks for trap in check(document, facts) if not _elsewhere(trap, document)
        ]
        for trap in found:
            if not isinstance(trap.fix, Correction):
                traps.setdefault((trap.line, trap.code, trap.message), trap)
            elif trap.fix.setting.path not in corrected:
                traps.setdefault((trap.line, trap.code, trap.fix.setting.path), trap)
        changed = set(_correct(document, found))
        corrected |= changed
        if not changed and checks is then:
            break
        checks = then
    writer = Writer(document)
    return [writer.finding(trap) for trap in traps.values()]


def _elsewhere(trap: Trap, document: Document) -> bool:
    """Tell whether a setting that is missing may stand in a file that this one names."""
    fix = trap.fix
    return (
        document.is_partial
        and isinstance(fix, Correction)
        and fix.stray is None
        and fix.setting.path not in document.entries
    )


def _correct(document: Document, traps: Iterable[Trap]) -> Iterator[Path]:
    """Put the first correction of each setting into the document; give the settings that it changed."""
    done: set[Path] = set()
    for trap in traps:
        if not isinstance(trap.fix, Correction) or trap.fix.setting.path in done:
            continue
        path = trap.fix.setting.path
        done.add(path)
        before = document.entries.get(path)
        after = _entry(document, trap.line, trap.fix)
        document.entries[path] = after
        if after != before:
            yield path


def _entry(document: Document, line: int, fix: Correction) -> Entry:
    named, value, stray = fix.setting, fix.value, fix.stray
    text = stray.unchecked_value if stray and value is REFERENCE else value
    raw, fits = text if isinstance(text, str) and text is not REFERENCE else "", _suits(named.type, value)
    if stray and stray in document.strays:
        document.strays.remove(stray)
    old = document.entries.get(named.path)
    if old:
        return replace(old, value=value, raw=raw, fits=fits)
    spelling = addition_spelling(document, named)
    if stray and (stray.section is None or spelling == stray.spelling):
        return Entry(named, value, stray.line, stray.spelling, renamed(stray, named), raw, fits=fits)
    return Entry(named, value, line, spelling, "", raw, fits=fits, added=True)


def _suits(wanted: Type, value: Any) -> bool:
    if value is REFERENCE:
        return True
    if wanted == Type.FLAG:
        return isinstance(value, bool)
    if wanted == Type.LIST:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if wanted == Type.WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, Mapping if wanted == Type.TABLE else str | int | float)
