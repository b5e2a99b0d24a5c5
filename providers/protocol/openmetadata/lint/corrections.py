"""
Every check, again and again on what the corrections make of a file, until nothing more is found.

So a correction never leads to the next finding: where several things are wrong with one setting, each of their
findings has the line that is right in the end.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from providers.protocol.openmetadata.document import REFERENCE, Correction, Document, Entry, Path, Trap
from providers.protocol.openmetadata.findings import Finding
from providers.protocol.openmetadata.lint.facts import Facts
from providers.protocol.openmetadata.lint.writing import Writer, addition_spelling, renamed
from providers.protocol.openmetadata.schema import Type

Check = Callable[[Document, Facts], Iterator[Trap]]

# More follow from one another only in a file that is nothing but mistakes.
MOST_ROUNDS = 10


def findings_of(
    document: Document, facts: Facts, *, first: Sequence[Check], then: Sequence[Check]
) -> list[Finding]:
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
