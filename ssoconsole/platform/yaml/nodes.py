"""
The structure of a YAML document, with the line where each part begins.

Made from PyYAML's events, which it yields without recursion, so that depth can be bounded before anything
recurses. No Python object is made from a tag, and an alias costs nothing until it is followed.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

DEEPEST = 20
# libyaml, where PyYAML was built with it, reads several times as fast; the events are the same.
FAST: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class StructureRefused(Exception):
    """The document cannot be read any further; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(slots=True, eq=False)
class Node:
    """Any part; `tagged` if it carries an explicit tag."""

    line: int
    tagged: bool


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
        return _composed(text, FAST)
    except yaml.YAMLError:
        return _composed(text, yaml.SafeLoader)  # which says better what is wrong, and has the last word


def _composed(text: str, loader: type[Any]) -> Node | None:
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

    def take(self, event: yaml.Event) -> None:
        if event.start_mark:
            self.line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document()
        elif isinstance(event, yaml.AliasEvent):
            self._place(self._aliased(event.anchor or ""))
        elif isinstance(event, yaml.ScalarEvent):
            scalar = Scalar(self.line, _is_tagged(event.tag), event.value, plain=event.implicit[0])
            self._place(scalar, anchor=event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._descend(Sequence(self.line, _is_tagged(event.tag)), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent):
            self._descend(Mapping(self.line, _is_tagged(event.tag)), event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _start_document(self) -> None:
        self._documents += 1
        if self._documents > 1:
            raise StructureRefused("the file holds more than one document", self.line)

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
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].items.append(node)
        else:
            self.root = node


def _is_tagged(tag: str | None) -> bool:
    return tag not in (None, "!")
