"""
Read settings from YAML (`openmetadata.yaml`, values of the Helm chart, a Compose file), or from a file of any form.

The form of a file is recognised by its content.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from providers.protocol.openmetadata.document import Document, Entry, Form, Spelling, Stray
from providers.protocol.openmetadata.findings import Code, Mistake
from providers.protocol.openmetadata.reading.env_file import (
    Assigned,
    looks_like_env,
    read_env_file,
    take_variables,
)
from providers.protocol.openmetadata.reading.values import in_chart, in_file
from providers.protocol.openmetadata.schema import (
    FILE_SECTIONS,
    HELM_ROOT,
    HELM_SECTIONS,
    KEYS_SECRET,
    OIDC_SECRET,
    Section,
    Type,
    by_helm,
    by_key,
    by_variable,
)
from ssoconsole.platform.yaml import LARGEST_FILE, Findings, Path, read_yaml

# The one that the chart reads, and where a page of its documentation puts them.
_ROOTS: tuple[Path, ...] = (HELM_ROOT, ("global",), ("global", *HELM_ROOT))
# Where Flux has the values in a HelmRelease; a chart that has this one among its own has them below one name.
_FLUX: Path = ("spec", "values")
_HELM_KEYS = ("openmetadata", "global", "extraEnvs")
_NONE = f"This is none of the three with a setting of sign-in: {', '.join(Form)}."
SECRETS = (f"secret generic {OIDC_SECRET} ", f"secret generic {KEYS_SECRET} ")
_IN_LIST = "# in a list: - NAME=value"
_UNREADABLE = "save it as UTF-8 text of at most one megabyte"


def read_file(value: Mapping[str, Any], findings: Findings, lines: list[str]) -> Document:
    """Return what `openmetadata.yaml` sets."""
    document = Document(Form.FILE, lines, places=findings.lines)
    for section, path in FILE_SECTIONS.items():
        _read_block(document, section, _at(value, path), path, findings)
    return document


def read_helm(value: Mapping[str, Any], findings: Findings, lines: list[str], base: Path = ()) -> Document:
    """
    Return what values of the chart set, also what it ignores, and the variables of `extraEnvs`.

    They stand at `base` where the file is another chart's, which has this one below a name of its own, or Flux's.
    """
    document = Document(Form.HELM, lines, places=findings.lines, root=(*base, *HELM_ROOT), base=base)
    document.is_partial = bool(value.get("envFrom"))
    for root in _ROOTS:
        for section, inner in HELM_SECTIONS.items():
            path = (*base, *root, *inner)
            found = _at(value, (*root, *inner))
            if found is not None and root != HELM_ROOT:
                document.root = (*base, *root)
                if section != Section.OIDC:
                    document.ignored.append(findings.line_of(path))
            _read_block(document, section, found, path, findings)
    take_variables(document, _pairs(document, value.get("extraEnvs"), findings), Spelling.PAIR)
    return document


def read_compose(value: Mapping[str, Any], findings: Findings, lines: list[str]) -> list[Document]:
    """Return what a Compose file sets for each service that it sets anything for, or that is the server."""
    services = value.get("services")
    found = []
    for name, service in services.items() if isinstance(services, Mapping) else ():
        if not isinstance(service, Mapping):
            continue
        document = Document(Form.ENV, lines, service=name, rank=_rank(name, service))
        document.is_partial = bool(service.get("env_file") or service.get("extends"))
        environment, path = service.get("environment"), ("services", name, "environment")
        if isinstance(environment, Mapping):
            items = [
                Assigned(variable, _as_text(text), line, before(lines, line, variable))
                for variable, text in environment.items()
                for line in [findings.line_of((*path, variable))]
            ]
            take_variables(document, items, Spelling.VARIABLE)
        elif isinstance(environment, list):
            items = list(_items(document, environment, path, findings))
            take_variables(document, items, Spelling.ITEM)
        if not document.is_empty or (document.is_partial and document.rank):
            found.append(document)
    return found


def _rank(name: str, service: Mapping[str, Any]) -> int:
    """Tell how much a service looks like the server, by its usual name or its image; one that migrates is none."""
    if name.replace("_", "-") == "openmetadata-server":
        return 2
    return int(
        "openmetadata/server" in str(service.get("image")) and "migrate" not in str(service.get("command"))
    )


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
        named = by_helm(section, key) if helm else by_key(section, key)
        if named is None:
            document.strays.append(Stray(key, line, section, spelling, start, value))
        elif named.type != Type.BLOCK:
            found = in_chart(named, value) if helm else in_file(named, value, line=document.lines[line - 1])
            document.add(
                Entry(named, found.value, line, spelling, start, found.raw, found.variable, found.fits)
            )


def _pairs(document: Document, pairs: Any, findings: Findings) -> Iterator[Assigned]:
    """Give the variables of `extraEnvs`; of one that nobody knows, the line of its name is what matters."""
    for index, pair in enumerate(pairs if isinstance(pairs, list) else ()):
        if not isinstance(pair, Mapping) or not isinstance(pair.get("name"), str):
            continue
        value = pair.get("value")
        key = "value" if by_variable(pair["name"]) else "name"
        path = (*document.base, "extraEnvs", index)
        line, begins = findings.line_of((*path, key)), findings.line_of(path)
        text = _as_text(value) if "value" in pair else None
        start, is_text = before(document.lines, line, key), value is None or isinstance(value, str)
        yield Assigned(pair["name"], text, line, start, is_text=is_text, begins=begins)


def _items(document: Document, environment: list[Any], path: Path, findings: Findings) -> Iterator[Assigned]:
    """Give the variables of a list; a map in it is what Compose refuses."""
    for index, text in enumerate(environment):
        line = findings.line_of((*path, index))
        if isinstance(text, str):
            yield _item(document.lines, text, line)
        elif isinstance(text, Mapping):
            document.fault(
                line, Code.MALFORMED_LINE, "In a list this is no variable: - NAME=value is needed.", _IN_LIST
            )


def _item(lines: list[str], text: str, line: int) -> Assigned:
    name, separator, value = text.partition("=")
    indent = re.match(r"\s*", lines[line - 1])[0]  # type: ignore[index]  # matches nothing too
    return Assigned(name, value if separator else None, line, f"{indent}- ")


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def read_configuration(content: bytes) -> tuple[list[Document], list[Mistake]]:
    """
    Return what a file of any of the forms sets, and what is wrong with the file itself.

    There is one document, or one for each service of a Compose file. Where nothing is read there is none, and
    a finding that says so. Nothing in a file can make this fail, or cost more than its size.
    """
    text, refused = _text(content)
    if refused:
        return [], [refused]
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if text.startswith("#!"):
        return _script(text, lines)
    if looks_like_env(lines):
        document = read_env_file(lines)
        return _read([document], [])
    value, findings = read_yaml(content, merge=True)
    faults = [_fault(problem.line, problem.message) for problem in findings.problems]
    return _read(_recognised(value, findings, lines), faults)


def _read(documents: list[Document], faults: list[Mistake]) -> tuple[list[Document], list[Mistake]]:
    faults = [*faults, *(fault for document in documents for fault in document.faults)]
    if all(document.is_empty and not document.is_partial for document in documents):
        return [], faults or [_unrecognised(f"Nothing was recognised. {_NONE}")]
    return documents, faults


def _script(text: str, lines: list[str]) -> tuple[list[Document], list[Mistake]]:
    """A script may set variables too; the export's own creates the secrets that the chart refers to."""
    document = read_env_file(lines)
    # Everything else that a script does is no assignment, and nobody's fault.
    document.faults.clear()
    if document.entries:
        return [document], []
    if any(name in text for name in SECRETS):
        return [], []
    return [], [_unrecognised(f"Nothing was recognised: a script sets nothing of sign-in. {_NONE}")]


def _text(content: bytes) -> tuple[str, Mistake | None]:
    if len(content) > LARGEST_FILE:
        return "", Mistake(1, Code.MALFORMED, f"The file is larger than {LARGEST_FILE} bytes.", _UNREADABLE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return "", Mistake(line, Code.MALFORMED, "The file is not UTF-8.", _UNREADABLE)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return "", Mistake(line, Code.MALFORMED, "The file holds a NUL character.", _UNREADABLE)
    return text, None


def _recognised(value: Any, findings: Findings, lines: list[str]) -> list[Document]:
    if not isinstance(value, Mapping):
        return []
    if any(path[0] in value for path in FILE_SECTIONS.values()):
        return [read_file(value, findings, lines)]
    if isinstance(value.get("services"), Mapping):
        return read_compose(value, findings, lines)
    if _at(value, HELM_ROOT) is None:
        for base in [_FLUX, *((name,) for name in value)]:
            inner = _at(value, base)
            if _at(inner, HELM_ROOT) is not None:
                return [read_helm(inner, findings, lines, base)]
    return [read_helm(value, findings, lines)] if any(key in value for key in _HELM_KEYS) else []


def _fault(line: int, message: str) -> Mistake:
    code = Code.DUPLICATE_KEY if message.startswith("is given twice") else Code.MALFORMED
    told = f"A key {message}" if code == Code.DUPLICATE_KEY else message[:1].upper() + message[1:]
    return Mistake(line, code, f"{told}.", "# leave one of them" if code == Code.DUPLICATE_KEY else "")


def _unrecognised(message: str) -> Mistake:
    return Mistake(1, Code.UNRECOGNISED, message, "give a file with settings of authentication")
