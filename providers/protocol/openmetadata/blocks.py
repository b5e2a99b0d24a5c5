"""Settings as blocks of YAML, one line for each."""

from collections.abc import Callable, Iterator, Sequence

from providers.protocol.openmetadata.carried import Line
from providers.protocol.openmetadata.document import comment
from providers.protocol.openmetadata.schema import Section

INDENT = "  "


def in_section(lines: Sequence[Line], section: Section) -> list[Line]:
    return [line for line in lines if line.setting.section == section]


def block(name: str, body: Iterator[str]) -> Iterator[str]:
    """Give a named block with everything in it one step further in."""
    yield f"{name}:"
    for line in body:
        yield f"{INDENT}{line}"


def written(lines: Sequence[Line], write: Callable[[Line], Iterator[str]]) -> Iterator[str]:
    """Give lines as `write` has them, each with its note above it."""
    for line in lines:
        yield from comment(line.note)
        yield from write(line)
