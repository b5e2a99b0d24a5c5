"""
Read YAML that a stranger may have written, so that the line of every value is known and nothing in it can do harm.

Size, depth and the number of values after aliases and merges are followed are bounded; duplicate keys and tags
are refused, and merge keys unless the reader asks for them; every scalar is text, a number, a flag or null. No Python
object is made from a tag, and an alias costs nothing until it is followed. The structure is made from PyYAML's events,
which come without recursion, so that depth can be bounded before anything recurses.

A plain scalar means what YAML 1.2's core schema says (section 10.3.2), not PyYAML's YAML 1.1: `no` and `2026-01-01` are
text, and `1:30` is text and not ninety. A problem says where and why, and never shows a secret.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from ssoconsole.platform.errors import DomainError

Path = tuple[str | int, ...]

SECRET_KEY_NAME = "client_secret"  # noqa: S105 - a key's name
LONGEST_KEY_SHOWN = 60

_plain_key = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
LONGEST_NUMBER = 18  # digits: what every database keeps exactly

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_whole = re.compile(r"[-+]?[0-9]+\Z")
_decimal = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_unstorable = re.compile("[\x00\ud800-\udfff]")

DEEPEST = 20
# libyaml, where PyYAML was built with it, reads several times as fast; the events are the same.
FAST: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LARGEST_FILE = 1_048_576  # bytes
MOST_VALUES = 100_000
# https://docs.docker.com/reference/compose-file/merge/
_RESET, _OVERRIDE = "!reset", "!override"

_quoted = re.compile(r"'(?!<)[^']{2,}'")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right; `line` counts from 1, `path` is spelt `bots[0].federation[0].subject`."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.path}: {self.message}"


class ConfigurationRefused(DomainError):
    """The configuration file has errors; nothing was changed."""

    code = "configuration_refused"

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__()
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.path, problem.message))


def spell(path: Path) -> str:
    """
    Spell a path for a person; the document itself is `(file)`.

    Nothing below a secret is spelt: in `client_secret: {hunter2}` the secret has become a key.
    """
    spelt = ""
    for step in path:
        spelt += _step(step, first=not spelt)
        if step == SECRET_KEY_NAME:
            break
    return spelt or "(file)"


def _step(step: str | int, *, first: bool) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    shown = step if len(step) <= LONGEST_KEY_SHOWN else step[:LONGEST_KEY_SHOWN] + "…"
    if _plain_key.match(step):
        return shown if first else f".{shown}"
    return f"[{json.dumps(shown)}]"


@dataclass(slots=True)
class Findings:
    """Collects every problem of one file; `lines` knows where each path begins."""

    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)  # these refuse nothing

    def add(self, path: Path, message: str, *, line: int | None = None) -> None:
        """Add a problem at `path`, or at its nearest parent that the file holds."""
        self.problems.append(Problem(spell(path), line or self.line_of(path), message))

    def warn(self, path: Path, message: str) -> None:
        """Add a warning at `path`, or at its nearest parent that the file holds."""
        self.warnings.append(Problem(spell(path), self.line_of(path), message))

    def line_of(self, path: Path) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def refuse_if_any(self) -> None:
        """Raise ConfigurationRefused with all problems found so far."""
        if self.problems:
            raise ConfigurationRefused(self.problems)


class ScalarRefused(ValueError):
    """A scalar that cannot be used; the message is for the administrator and does not hold it."""


def meaning(text: str, *, plain: bool) -> str | int | float | bool | None:
    """Return the value of a scalar; a quoted one is always text. Raises ScalarRefused."""
    if not plain:
        return storable(text)
    if text in _NULLS:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if _whole.match(text):
        return _number(text)
    if _decimal.match(text):
        return _fraction(text)
    return storable(text)


def storable(text: str) -> str:
    """Return `text` as it is. Raises ScalarRefused for NUL and lone surrogates, which no database keeps."""
    if _unstorable.search(text):
        raise ScalarRefused("holds a character that cannot be stored (NUL or half of a surrogate pair)")
    return text


def _number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ScalarRefused("is too large a number; put it in quotes if it is text")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ScalarRefused("is too large a number; put it in quotes if it is text")
    return value


class StructureRefused(Exception):
    """The document cannot be read any further; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(slots=True, eq=False)
class Node:
    """Any part; `tag` is the explicit tag that it carries, "" without one."""

    line: int
    tag: str


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """Text as it stands in the file; `plain` if it is not quoted."""

    text: str
    plain: bool


@dataclass(slots=True, eq=False)
class Sequence(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping(Node):
    """A mapping; `items` holds keys and values in turn, as they come."""

    items: list[Node] = field(default_factory=list)


def compose(text: str) -> Node | None:
    """Return the root of the only document, None for none. Raises StructureRefused and yaml.YAMLError."""
    try:
        return _composed_node(text, FAST)
    except yaml.YAMLError:
        return _composed_node(text, yaml.SafeLoader)  # which says better what is wrong, and has the last word


def _composed_node(text: str, loader: type[Any]) -> Node | None:
    composer = _Composer()
    try:
        for event in yaml.parse(text, Loader=loader):
            composer.take(event)
    except (ValueError, OverflowError):  # "\UFFFFFFFF": PyYAML leaves the error to chr()
        raise StructureRefused("an escape sequence names no character", composer.line) from None
    return composer.root


class _Composer:
    """Puts parts together with a stack of its own; an alias becomes the part that it names."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.line = 1
        self._open: list[Sequence | Mapping] = []
        self._anchors: dict[str, Node] = {}
        self._documents = 0
        self._started = 1

    def take(self, event: yaml.Event) -> None:
        if event.start_mark:
            self.line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document()
        elif isinstance(event, yaml.AliasEvent):
            self._place(self._aliased(event.anchor or ""))
        elif isinstance(event, yaml.ScalarEvent):
            scalar = Scalar(self.line, _tag(event.tag), event.value, plain=event.implicit[0])
            self._place(scalar, anchor=event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._descend(Sequence(self.line, _tag(event.tag)), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent):
            self._descend(Mapping(self.line, _tag(event.tag)), event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _start_document(self) -> None:
        self._documents += 1
        self._started = self.line

    def _descend(self, node: Sequence | Mapping, anchor: str | None) -> None:
        self._place(node, anchor=anchor)
        self._open.append(node)
        if len(self._open) > DEEPEST:
            raise StructureRefused(f"nested deeper than {DEEPEST} levels", self.line)

    def _aliased(self, anchor: str) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            raise StructureRefused("an alias names no anchor before it", self.line)
        if any(node is parent for parent in self._open):
            raise StructureRefused("an alias stands within what it names", self.line)
        return node

    def _place(self, node: Node, *, anchor: str | None = None) -> None:
        if self._documents > 1:
            # What templates leave behind a last --- is nothing.
            if (
                not self._open
                and isinstance(node, Scalar)
                and node.plain
                and not (node.text or node.tag or anchor)
            ):
                return
            raise StructureRefused("the file holds more than one document", self._started)
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].items.append(node)
        else:
            self.root = node


def _tag(tag: str | None) -> str:
    return "" if tag in (None, "!") else str(tag)


def read_yaml(content: bytes, *, merge: bool = False) -> tuple[Any, Findings]:
    """
    Read one document of at most 1 MiB of UTF-8; return its value and its findings.

    The value consists of dict (keys are text), list, str, int, float, bool and None. When the findings have
    problems it is what could be read: None after a syntax error. With `merge`, `<<` adds the keys of other
    mappings (YAML merge key, yaml.org/type/merge), each with the line where it stands; without, it is refused. So are
    the tags by which a Compose file says how it is merged with another: what is `!reset` is null.
    """
    findings = Findings()
    try:
        return _Builder(findings, merge=merge).build(_composed(_text(content)), ()), findings
    except StructureRefused as refused:
        findings.add((), refused.message, line=refused.line)
        return None, findings


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise StructureRefused(f"the file is larger than {LARGEST_FILE} bytes", 1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise StructureRefused("the file is not UTF-8", line) from None


def _composed(text: str) -> Node | None:
    try:
        return compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # What PyYAML quotes is the file's own text, and may be a secret that was not quoted well enough.
        problem = _quoted.sub("'…'", error.problem or "the structure cannot be read")
        raise StructureRefused(f"not valid YAML: {problem}", mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise StructureRefused("not valid YAML: a control character", line) from None


class _Builder:
    """Makes plain values and records where each path begins."""

    def __init__(self, findings: Findings, *, merge: bool) -> None:
        self.findings = findings
        self._merge = merge
        self._left = MOST_VALUES

    def build(self, node: Node | None, path: Path) -> Any:
        if node is None:
            return None
        self._spend(node, path)
        self.findings.lines.setdefault(path, node.line)
        if self._merge and node.tag == _RESET:
            return None
        if node.tag and not (self._merge and node.tag == _OVERRIDE):
            self.findings.add(path, "tags (!…) are not supported")
            return None
        if isinstance(node, Sequence):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.items)]
        if isinstance(node, Mapping):
            return self._mapping(node, path)
        return self._scalar(node, path)

    def _spend(self, node: Node, path: Path) -> None:
        self._left -= 1
        # Aliases multiply: a few lines can stand for a billion values, and be deeper than they look.
        if self._left < 0 or len(path) > DEEPEST:
            raise StructureRefused("holds too many values", node.line)

    def _mapping(self, node: Mapping, path: Path) -> dict[str, Any]:
        built: dict[str, Any] = {}
        merged: list[Node] = []
        for key_node, value_node in zip(node.items[::2], node.items[1::2], strict=True):
            if self._merge and _is_merge(key_node):
                merged.append(value_node)
                continue
            key = self._key(key_node, path)
            if key is None:
                continue
            inner = (*path, key)
            if key in built:
                first = self.findings.lines[inner]
                self.findings.add(inner, f"is given twice, first on line {first}", line=key_node.line)
                continue
            self.findings.lines[inner] = key_node.line
            built[key] = self.build(value_node, inner)
        for key_node, value_node in self._merged(merged, path, DEEPEST):
            key = self._key(key_node, path)
            # A mapping's own keys win, and of several that are merged the first.
            if key is not None and key not in built:
                self.findings.lines[*path, key] = key_node.line
                built[key] = self.build(value_node, (*path, key))
        return built

    def _merged(self, sources: list[Node], path: Path, deeper: int) -> Iterator[tuple[Node, Node]]:
        """Give the pairs of merged mappings, and of what these merge; each costs a value, also one that loses."""
        for source in sources:
            self._spend(source, path)
            if not deeper:
                raise StructureRefused("merges deeper than any file needs", source.line)
            if isinstance(source, Sequence):
                yield from self._merged(source.items, path, deeper - 1)
            elif not isinstance(source, Mapping):
                self.findings.add(path, "a merge key (<<) needs a mapping", line=source.line)
            else:
                pairs = list(zip(source.items[::2], source.items[1::2], strict=True))
                for key_node, value_node in pairs:
                    self._spend(key_node, path)
                    if not _is_merge(key_node):
                        yield key_node, value_node
                inherited = [value for key, value in pairs if _is_merge(key)]
                yield from self._merged(inherited, path, deeper - 1)

    def _key(self, node: Node, path: Path) -> str | None:
        key = _key(node)
        if isinstance(key, str):
            return key
        self.findings.add(path, "a key must be text; put it in quotes", line=node.line)
        return None

    def _scalar(self, node: Node, path: Path) -> Any:
        assert isinstance(node, Scalar)  # noqa: S101 - for the type checker: there are three kinds
        try:
            return meaning(node.text, plain=node.plain)
        except ScalarRefused as error:
            self.findings.add(path, str(error))
            return None


def _is_merge(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and not node.tag and node.text == "<<"


def _key(node: Node) -> object:
    """The key, or anything but text; a merge key is none."""
    if not isinstance(node, Scalar) or node.tag or _is_merge(node):
        return None
    try:
        return meaning(node.text, plain=node.plain)
    except ScalarRefused:
        return None
