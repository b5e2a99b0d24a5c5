"""What an export consists of."""

from collections.abc import Iterator
from dataclasses import dataclass

HEADER = "# OpenMetadata Server Authentication Configuration"


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export; `name` has no directory."""

    name: str
    text: str


def comment(text: str, indent: str = "") -> Iterator[str]:
    """Give `text` as a comment; what would end the line is taken out."""
    if text:
        yield f"{indent}# {''.join(c if c.isprintable() else ' ' for c in text)}"


def file_of(name: str, lines: "Iterator[str] | list[str]") -> File:
    return File(name, "\n".join(lines) + "\n")
