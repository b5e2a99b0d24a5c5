"""Read a file without being told what it is."""

from collections.abc import Mapping
from typing import Any

from providers.protocol.openmetadata.document import Document, Form
from providers.protocol.openmetadata.findings import Code, Finding
from providers.protocol.openmetadata.reading.env_file import read_env_file
from providers.protocol.openmetadata.reading.env_lines import looks_like_env
from providers.protocol.openmetadata.reading.yaml_files import read_compose, read_file, read_helm
from providers.protocol.openmetadata.schema import FILE_SECTIONS
from ssoconsole.yaml.positions import LARGEST_FILE, read_yaml
from ssoconsole.yaml.problems import Findings

_HELM_KEYS = ("openmetadata", "global", "extraEnvs")
_FORMS = " or ".join(Form)
_UNREADABLE = "save it as UTF-8 text of at most one megabyte"


def read_configuration(content: bytes) -> tuple[Document | None, list[Finding]]:
    """
    Return what a file of any of the forms sets, None if it is none, and what is wrong with the file itself.

    Nothing in a file can make this fail, or cost more than its size.
    """
    text, refused = _text(content)
    if refused:
        return None, [refused]
    if text.startswith("#!"):
        # A script, such as the export's commands for secrets, sets nothing that could be wrong.
        return None, []
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if looks_like_env(lines):
        document = read_env_file(lines)
        return document, document.faults
    value, findings = read_yaml(content)
    faults = [_fault(problem.line, problem.message) for problem in findings.problems]
    found = _recognised(value, findings, lines)
    if found is None:
        return None, faults or [_unrecognised()]
    return found, [*faults, *found.faults]


def _text(content: bytes) -> tuple[str, Finding | None]:
    if len(content) > LARGEST_FILE:
        return "", Finding(1, Code.MALFORMED, f"The file is larger than {LARGEST_FILE} bytes.", _UNREADABLE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return "", Finding(line, Code.MALFORMED, "The file is not UTF-8.", _UNREADABLE)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return "", Finding(line, Code.MALFORMED, "The file holds a NUL character.", _UNREADABLE)
    return text, None


def _recognised(value: Any, findings: Findings, lines: list[str]) -> Document | None:
    if not isinstance(value, Mapping):
        return None
    if any(path[0] in value for path in FILE_SECTIONS.values()):
        return read_file(value, findings, lines)
    if isinstance(value.get("services"), Mapping):
        return read_compose(value, findings, lines)
    return read_helm(value, findings, lines) if any(key in value for key in _HELM_KEYS) else None


def _fault(line: int, message: str) -> Finding:
    code = Code.DUPLICATE_KEY if message.startswith("is given twice") else Code.MALFORMED
    told = f"A key {message}" if code == Code.DUPLICATE_KEY else message[:1].upper() + message[1:]
    return Finding(line, code, f"{told}.", "# leave one of them" if code == Code.DUPLICATE_KEY else "")


def _unrecognised() -> Finding:
    message = f"This is none of the three: {_FORMS}. None of their names is in it."
    return Finding(1, Code.UNRECOGNISED, message, "give a file with settings of authentication")
