"""Read a file without being told what it is."""

from collections.abc import Mapping
from typing import Any

from providers.protocol.openmetadata.document import Document, Form
from providers.protocol.openmetadata.findings import Code, Finding
from providers.protocol.openmetadata.reading.env_file import read_env_file
from providers.protocol.openmetadata.reading.env_lines import looks_like_env
from providers.protocol.openmetadata.reading.yaml_files import read_compose, read_file, read_helm
from providers.protocol.openmetadata.schema import FILE_SECTIONS, KEYS_SECRET, OIDC_SECRET
from ssoconsole.platform.yaml.positions import LARGEST_FILE, read_yaml
from ssoconsole.platform.yaml.problems import Findings

_HELM_KEYS = ("openmetadata", "global", "extraEnvs")
_NONE = f"This is none of the three with a setting of sign-in: {', '.join(Form)}."
SECRETS = (f"secret generic {OIDC_SECRET} ", f"secret generic {KEYS_SECRET} ")
_UNREADABLE = "save it as UTF-8 text of at most one megabyte"


def read_configuration(content: bytes) -> tuple[list[Document], list[Finding]]:
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


def _read(documents: list[Document], faults: list[Finding]) -> tuple[list[Document], list[Finding]]:
    faults = [*faults, *(fault for document in documents for fault in document.faults)]
    if all(document.is_empty and not document.is_partial for document in documents):
        return [], faults or [_unrecognised(f"Nothing was recognised. {_NONE}")]
    return documents, faults


def _script(text: str, lines: list[str]) -> tuple[list[Document], list[Finding]]:
    """A script may set variables too; the export's own creates the secrets that the chart refers to."""
    document = read_env_file(lines)
    # Everything else that a script does is no assignment, and nobody's fault.
    document.faults.clear()
    if document.entries:
        return [document], []
    if any(name in text for name in SECRETS):
        return [], []
    return [], [_unrecognised(f"Nothing was recognised: a script sets nothing of sign-in. {_NONE}")]


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


def _recognised(value: Any, findings: Findings, lines: list[str]) -> list[Document]:
    if not isinstance(value, Mapping):
        return []
    if any(path[0] in value for path in FILE_SECTIONS.values()):
        return [read_file(value, findings, lines)]
    if isinstance(value.get("services"), Mapping):
        return read_compose(value, findings, lines)
    return [read_helm(value, findings, lines)] if any(key in value for key in _HELM_KEYS) else []


def _fault(line: int, message: str) -> Finding:
    code = Code.DUPLICATE_KEY if message.startswith("is given twice") else Code.MALFORMED
    told = f"A key {message}" if code == Code.DUPLICATE_KEY else message[:1].upper() + message[1:]
    return Finding(line, code, f"{told}.", "# leave one of them" if code == Code.DUPLICATE_KEY else "")


def _unrecognised(message: str) -> Finding:
    return Finding(1, Code.UNRECOGNISED, message, "give a file with settings of authentication")
