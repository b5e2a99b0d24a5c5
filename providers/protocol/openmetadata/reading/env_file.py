"""Read settings from environment variables: an env file as Docker reads it, a Compose file, the chart's `extraEnvs`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from providers.protocol.openmetadata.document import REFERENCE, Document, Entry, Form, Spelling, Stray
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.reading.values import Value, pasted
from providers.protocol.openmetadata.schema import OTHER_VARIABLES, Type, by_variable

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_assignment = re.compile(rf"(?P<before>\s*(?:export\s+)?)(?P<name>{_NAME})\s*=(?P<value>.*)", re.DOTALL)
_passed_on = re.compile(rf"\s*(?:export\s+)?(?P<name>{_NAME})\s*")
_inline_comment = re.compile(r"(?:^|\s)#.*", re.DOTALL)
_escape = re.compile(r"\\(.)", re.DOTALL)
_CLOSING = {"'": re.compile("'"), '"': re.compile(r'(?<!\\)(?:\\\\)*"')}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Assigned:
    """
    A variable; `value` is None where it is passed on from the environment.

    `is_literal` says that no `$` in the value begins a reference, as in single quotes; `is_text` that it is a text, as
    Kubernetes wants it. `begins` is the line where it begins, if that is another.
    """

    name: str
    value: str | None
    line: int
    before: str
    is_literal: bool = False
    is_text: bool = True
    begins: int = 0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no assignment; `reason` does not repeat it."""

    line: int
    reason: str


def looks_like_env(lines: list[str]) -> bool:
    """Tell whether the first line that says anything is an assignment."""
    telling = (line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return bool(_assignment.fullmatch(next(telling, "")))


def read_lines(lines: list[str]) -> Iterator[Assigned | Unreadable]:
    """Give every assignment of an env file; a quoted value may go over several lines."""
    number = 0
    unclosed: set[str] = set()
    while number < len(lines):
        start, line = number, lines[number]
        number += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _assignment.fullmatch(line)
        if not found:
            # Below a mark that nothing closes it may be the rest of that value.
            if not unclosed:
                yield _other(line, start + 1)
            continue
        value = found["value"].strip()
        if value[:1] not in ("'", '"'):
            yield Assigned(found["name"], _inline_comment.sub("", value).rstrip(), start + 1, found["before"])
            continue
        parts, end = [value], _closing(value, value[0], 1)
        # A mark that nothing closes is looked for once: a file of such marks must not be searched again and again.
        while end is None and number < len(lines) and value[0] not in unclosed:
            end = _closing(lines[number], value[0], 0)
            parts.append(lines[number])
            number += 1
        read = _quoted(found, parts, end, start + 1)
        if isinstance(read, Unreadable):
            # It says nothing about the lines below, which are somebody's settings.
            unclosed |= set() if end is not None else {value[0]}
            number = start + 1
        yield read


def _other(line: str, number: int) -> Assigned | Unreadable:
    named = _passed_on.fullmatch(line)
    if named:
        return Assigned(named["name"], None, number, "")
    return Unreadable(number, "This is no assignment: NAME=value is needed.")


def _closing(text: str, mark: str, start: int) -> int | None:
    """Return where the quotation mark closes, None if it does not."""
    found = _CLOSING[mark].search(text, start)
    return found.end() - 1 if found else None


def _quoted(found: "re.Match[str]", parts: list[str], end: int | None, line: int) -> Assigned | Unreadable:
    if end is None:
        return Unreadable(line, "A quotation mark is opened and not closed.")
    rest = parts[-1][end + 1 :]
    if rest.strip() and not _inline_comment.fullmatch(rest.strip()):
        return Unreadable(line, "Something stands behind the closing quotation mark.")
    mark = parts[0][0]
    inner = "\n".join([*parts[:-1], parts[-1][:end]])[1:]
    if mark == '"':
        inner = _escape.sub(lambda match: _ESCAPES.get(match[1], match[1]), inner)
    return Assigned(found["name"], inner, line, found["before"], is_literal=mark == "'")


def read_env_file(lines: list[str]) -> Document:
    """Return what an env file sets."""
    document = Document(Form.ENV, lines)
    items = []
    for item in read_lines(lines):
        if isinstance(item, Assigned):
            items.append(item)
        else:
            document.fault(item.line, Code.MALFORMED_LINE, item.reason, "NAME=value")
    take_variables(document, items, Spelling.ASSIGNMENT)
    return document


def take_variables(document: Document, items: Iterable[Assigned], spelling: Spelling) -> None:
    """Keep variables in their order; of two with one name the last counts."""
    items = list(items)
    last = {item.name: item.line for item in items}
    for item in items:
        if item.line == last[item.name]:
            _take(document, item, spelling)
            continue
        named = by_variable(item.name)
        if named and named.type == Type.SECRET and item.value:
            document.secrets.add(item.value)
        message = f"{item.name} is given twice; the last one counts, on line {last[item.name]}."
        document.fault(item.begins or item.line, Code.DUPLICATE_KEY, message, f"# one {item.name} is enough")


def _take(document: Document, item: Assigned, spelling: Spelling) -> None:
    """Keep one variable: as an entry if it is a setting's, as a stray if it is nobody's."""
    named = by_variable(item.name)
    if item.name in OTHER_VARIABLES:
        document.others.add(item.name)
    elif named is None:
        document.strays.append(Stray(item.name, item.line, None, spelling, item.before, item.value))
    else:
        if item.value is None:
            found = Value(REFERENCE, "", variable=item.name)
        else:
            found = pasted(named, item.value, is_literal=item.is_literal)
        # What a container is given by its name wins over what a chart's secret gives it.
        document.entries.pop(named.path, None)
        raw, variable, fits = found.raw, found.variable, found.fits and item.is_text
        document.add(Entry(named, found.value, item.line, spelling, item.before, raw, variable, fits))
