"""A configuration that was read from any of the three forms, in one shape."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from providers.protocol.openmetadata.findings import Code, Finding
from providers.protocol.openmetadata.quoting import assignment, quoted, typed, variable_value
from providers.protocol.openmetadata.schema import Section, Setting, Type, by_variable, setting

Path = tuple[Section, str]


class Form(StrEnum):
    """The forms there are."""

    ENV = "an env file"
    HELM = "values of the Helm chart"
    FILE = "openmetadata.yaml"


class Spelling(StrEnum):
    """How one entry is written: a form may hold entries of another, such as `extraEnvs`."""

    ASSIGNMENT = "NAME=value"
    ITEM = "- NAME=value"
    VARIABLE = "NAME: value"
    HELM = "chart"
    FILE = "key: value"


class Elsewhere(StrEnum):
    """Stands for a value that is not in the file."""

    REFERENCE = "reference"


REFERENCE = Elsewhere.REFERENCE


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A setting that a file has.

    `value` has the setting's type, or is whatever stands there if `fits` is false. `raw` is the text of a
    scalar. `before` is what precedes the value on its line. `variable` may replace the value, `${NAME:-value}`.
    """

    setting: Setting
    value: Any
    line: int
    spelling: Spelling
    before: str
    raw: str = ""
    variable: str = ""
    fits: bool = True

    def corrected(self, value: Any) -> str:
        """Return this line with another value."""
        return self.before + rendered(self.setting, value, self.spelling, variable=self.variable)


def rendered(named: Setting, value: Any, spelling: Spelling, *, variable: str = "") -> str:
    """Return a value as it is written after its name; an assignment with its name."""
    if spelling == Spelling.ASSIGNMENT:
        return assignment(named.variable, value)
    if spelling == Spelling.ITEM:
        return quoted(f"{named.variable}={variable_value(value)}")
    if spelling == Spelling.VARIABLE:
        return quoted(variable_value(value))
    if spelling == Spelling.HELM:
        return typed(value, named.helm_type or named.type)
    written = typed(value, named.type)
    return f"${{{variable}:-{written}}}" if variable else written


@dataclass(frozen=True, slots=True)
class Stray:
    """A name that no setting has; `section` is None for a variable."""

    name: str
    line: int
    section: Section | None
    spelling: Spelling
    before: str
    unchecked_value: Any


@dataclass(slots=True)
class Document:
    """
    A whole file; `blocks` are the lines where its sections begin, `gates` what the chart's switches say.

    `secrets` are the secret values in it, which nothing may repeat.
    """

    form: Form
    lines: list[str]
    entries: dict[Path, Entry] = field(default_factory=dict)
    strays: list[Stray] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)
    blocks: dict[Section, int] = field(default_factory=dict)
    gates: dict[Section, tuple[Any, int]] = field(default_factory=dict)
    ignored: list[int] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        """Keep an entry; of two with the same meaning the first counts, as one that is ignored comes last."""
        self.entries.setdefault(entry.setting.path, entry)
        if entry.setting.type == Type.SECRET and entry.value is not REFERENCE:
            members = entry.value.values() if isinstance(entry.value, Mapping) else [entry.value]
            self.secrets.update(str(member) for member in members if member)

    def forget(self, variable: str) -> None:
        """Take an entry out again that a later one replaces."""
        if named := by_variable(variable):
            self.entries.pop(named.path, None)

    def fault(self, line: int, code: Code, message: str, fix: str = "") -> None:
        self.faults.append(Finding(line, code, message, fix))

    def entry(self, section: Section, key: str) -> Entry | None:
        return self.entries.get((section, key))

    def known(self, section: Section, key: str) -> Any:
        """Return a value that is there, of the right type and not elsewhere; None otherwise."""
        entry = self.entry(section, key)
        return None if entry is None or not entry.fits or entry.value is REFERENCE else entry.value

    def effective(self, section: Section, key: str) -> Any:
        """Return the value that a server takes: that of the file, or its default; None if it is elsewhere."""
        if self.entry(section, key) is None:
            return setting(section, key).default
        return self.known(section, key)

    def line_of(self, *sections: Section) -> int:
        """Return where something that is missing belongs."""
        for section in sections:
            if section in self.blocks:
                return self.blocks[section]
            lines = [entry.line for path, entry in self.entries.items() if path[0] == section]
            if lines:
                return min(lines)
        return 1

    def addition(self, named: Setting, value: Any) -> str:
        """Return the line, or lines, that a missing setting is given by."""
        if self.form == Form.ENV:
            return assignment(named.variable, value)
        if self.form == Form.HELM and not named.helm:
            return extra_env(named.variable, value)
        name = named.helm if self.form == Form.HELM else named.key
        spelling = Spelling.HELM if self.form == Form.HELM else Spelling.FILE
        return f"{self._indent(named.section)}{name}: {rendered(named, value, spelling)}"

    def readable(self) -> Iterator[Entry]:
        """Give every entry that may be repeated: it is here, and no secret."""
        for entry in self.entries.values():
            if entry.setting.type != Type.SECRET and entry.value is not REFERENCE:
                yield entry

    def _indent(self, section: Section) -> str:
        for path, entry in self.entries.items():
            if path[0] == section and entry.spelling in (Spelling.HELM, Spelling.FILE):
                return re.match(r"\s*", entry.before)[0]  # type: ignore[index]  # matches nothing too
        return ""


def extra_env(variable: str, value: Any) -> str:
    """Return an entry of the chart's `extraEnvs`."""
    return f"extraEnvs:\n  - name: {variable}\n    value: {quoted(variable_value(value))}"
