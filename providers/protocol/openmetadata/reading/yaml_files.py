"""Settings as YAML: `openmetadata.yaml`, values of the Helm chart, a Compose file."""

import re
from collections.abc import Mapping
from typing import Any

from providers.protocol.openmetadata.document import Document, Entry, Form, Spelling, Stray
from providers.protocol.openmetadata.reading.env_file import take_variable
from providers.protocol.openmetadata.reading.env_lines import Assigned
from providers.protocol.openmetadata.reading.values import in_chart, in_file
from providers.protocol.openmetadata.schema import (
    FILE_SECTIONS,
    HELM_GATE,
    HELM_GATED,
    HELM_ROOT,
    HELM_SECTIONS,
    Section,
    Type,
    by_helm,
    by_key,
)
from ssoconsole.yaml.problems import Findings, Path

# The one that the chart reads, and where a page of its documentation puts them.
_ROOTS: tuple[Path, ...] = (HELM_ROOT, ("global",), ("global", *HELM_ROOT))


def read_file(value: Mapping[str, Any], findings: Findings, lines: list[str]) -> Document:
    """Return what `openmetadata.yaml` sets."""
    document = Document(Form.FILE, lines)
    for section, path in FILE_SECTIONS.items():
        _read_block(document, section, _at(value, path), path, findings)
    return document


def read_helm(value: Mapping[str, Any], findings: Findings, lines: list[str]) -> Document:
    """Return what values of the chart set, also what it ignores, and the variables of `extraEnvs`."""
    document = Document(Form.HELM, lines)
    for root in _ROOTS:
        for section, inner in HELM_SECTIONS.items():
            path = (*root, *inner)
            found = _at(value, path)
            if found is not None and root != HELM_ROOT and section != Section.OIDC:
                document.ignored.append(findings.line_of(path))
            _read_block(document, section, found, path, findings)
    _read_pairs(document, value.get("extraEnvs"), ("extraEnvs",), findings)
    return document


def read_compose(value: Mapping[str, Any], findings: Findings, lines: list[str]) -> Document:
    """Return the variables that a Compose file gives to its services."""
    document = Document(Form.ENV, lines)
    services = value.get("services")
    for name, service in services.items() if isinstance(services, Mapping) else ():
        environment = service.get("environment") if isinstance(service, Mapping) else None
        path = ("services", name, "environment")
        if isinstance(environment, Mapping):
            for variable, text in environment.items():
                line = findings.line_of((*path, variable))
                item = Assigned(variable, _as_text(text), line, before(lines, line, variable))
                take_variable(document, item, Spelling.VARIABLE)
        for index, text in enumerate(environment if isinstance(environment, list) else ()):
            _read_item(document, text, findings.line_of((*path, index)))
    return document


def before(lines: list[str], line: int, key: str) -> str:
    """Return what stands on a line before the value of `key`; the key alone if more is on that line."""
    text = lines[line - 1] if line <= len(lines) else ""
    found = re.match(rf"\s*(?:- )?[\"']?{re.escape(key)}[\"']?\s*:(?:\s+|$)", text)
    return found[0] if found and found[0].endswith(" ") else f"{found[0]} " if found else f"{key}: "


def _read_block(document: Document, section: Section, block: Any, path: Path, findings: Findings) -> None:
    if not isinstance(block, Mapping):
        return
    document.blocks.setdefault(section, findings.line_of(path))
    helm = document.form == Form.HELM
    for key, value in block.items():
        line = findings.line_of((*path, key))
        start = before(document.lines, line, key)
        spelling = Spelling.HELM if helm else Spelling.FILE
        if helm and key == HELM_GATE and section in HELM_GATED:
            document.gates.setdefault(section, (value, line))
            continue
        named = by_helm(section, key) if helm else by_key(section, key)
        if named is None:
            document.strays.append(Stray(key, line, section, spelling, start, value))
        elif named.type != Type.BLOCK:
            found = in_chart(named, value) if helm else in_file(named, value, line=document.lines[line - 1])
            document.add(
                Entry(named, found.value, line, spelling, start, found.raw, found.variable, found.fits)
            )


def _read_pairs(document: Document, pairs: Any, path: Path, findings: Findings) -> None:
    for index, pair in enumerate(pairs if isinstance(pairs, list) else ()):
        if not isinstance(pair, Mapping) or not isinstance(pair.get("name"), str):
            continue
        inner = (*path, index, "value")
        line = findings.line_of(inner)
        text = _as_text(pair["value"]) if "value" in pair else None
        item = Assigned(pair["name"], text, line, before(document.lines, line, "value"))
        take_variable(document, item, Spelling.VARIABLE)


def _read_item(document: Document, text: Any, line: int) -> None:
    name, separator, value = str(text).partition("=")
    indent = re.match(r"\s*", document.lines[line - 1])[0]  # type: ignore[index]  # matches nothing too
    item = Assigned(name, value if separator else None, line, f"{indent}- ")
    take_variable(document, item, Spelling.ITEM)


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
