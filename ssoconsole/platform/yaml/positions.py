"""
Read YAML so that every value's line is known, and nothing in it can hurt.

Size, depth and the number of values after aliases and merges are followed are bounded; duplicate keys and tags
are refused, and merge keys unless the reader asks for them; every scalar is text, a number, a flag or null.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from ssoconsole.platform.yaml.nodes import (
    DEEPEST,
    Mapping,
    Node,
    Scalar,
    Sequence,
    StructureRefused,
    compose,
)
from ssoconsole.platform.yaml.problems import Findings, Path
from ssoconsole.platform.yaml.scalars import ScalarRefused, meaning

LARGEST_FILE = 1_048_576  # bytes
MOST_VALUES = 100_000

_quoted = re.compile(r"'(?!<)[^']{2,}'")


def read_yaml(content: bytes, *, merge: bool = False) -> tuple[Any, Findings]:
    """
    Read one document of at most 1 MiB of UTF-8; return its value and its findings.

    The value consists of dict (keys are text), list, str, int, float, bool and None. When the findings have
    problems it is what could be read: None after a syntax error. With `merge`, `<<` adds the keys of other
    mappings (YAML merge key, yaml.org/type/merge), each with the line where it stands; without, it is refused.
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
        if node.tagged:
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
    return isinstance(node, Scalar) and node.plain and not node.tagged and node.text == "<<"


def _key(node: Node) -> object:
    """The key, or anything but text; a merge key is none."""
    if not isinstance(node, Scalar) or node.tagged or _is_merge(node):
        return None
    try:
        return meaning(node.text, plain=node.plain)
    except ScalarRefused:
        return None
