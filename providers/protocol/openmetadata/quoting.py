"""
Write values, and blocks of YAML, so that every reader takes a value for what it is.

A value of the environment is pasted into `openmetadata.yaml` before that is parsed, so that it is YAML itself:
a text that is not plain stands in quotes of its own. A dollar sign would begin a substitution there and in
Docker's files; it is always written as an escape.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from providers.protocol.openmetadata.carried import Line
from providers.protocol.openmetadata.document import comment
from providers.protocol.openmetadata.schema import Section, Type
from ssoconsole.platform.yaml import ScalarRefused, meaning

_WORD = r"[A-Za-z0-9/](?:[A-Za-z0-9_./:@%+=~-]*[A-Za-z0-9_./@%+=~-])?"
_word = re.compile(_WORD)
_words = re.compile(rf"{_WORD}(?: {_WORD})*")
_RESOLVER = yaml.resolver.Resolver()
_ESCAPED = frozenset("\"\\$'#")
INDENT = "  "


def quoted(text: str) -> str:
    """Return `text` as a double-quoted YAML scalar on one line, without a dollar sign or a single quote."""
    return (
        '"' + "".join(character if _is_plain(character) else _escape(character) for character in text) + '"'
    )


def inline(value: Any) -> str:
    """Return any value as YAML on one line; every text is quoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(key)}: {inline(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(member) for member in value) + "]"
    return quoted(str(value))


def variable_value(value: Any) -> str:
    """Return the value of an environment variable, as the server sees it: a piece of YAML."""
    if isinstance(value, list):
        plain = all(_is_text(item, _word) for item in value)
        return "[" + ",".join(item if plain else quoted(item) for item in value) + "]"
    if isinstance(value, str):
        return value if not value or _is_text(value, _words) else quoted(value)
    return inline(value)


def assignment(name: str, value: Any) -> str:
    """Return a line of an env file for Docker, which takes one pair of quotes off."""
    seen = variable_value(value)
    if seen.startswith(('"', "{")):
        return f"{name}='{seen}'"
    return f'{name}="{seen}"' if " " in seen and not seen.startswith("[") else f"{name}={seen}"


def typed(value: Any, wanted: Type) -> str:
    """Return a value as YAML of the type that a schema wants: what is a text there is written as one."""
    if wanted == Type.TEXT and isinstance(value, Mapping):
        return quoted(inline(value))
    return quoted(str(value)) if wanted == Type.TEXT and not isinstance(value, str) else inline(value)


def _is_plain(character: str) -> bool:
    return character.isprintable() and character not in _ESCAPED and character != "\ufeff"


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _is_text(text: str, plain: "re.Pattern[str]") -> bool:
    """Tell whether `text` needs no quotes, also for readers to whom `no`, 1:30 or 1e3 are no texts."""
    if not plain.fullmatch(text) or _resolved(text) != "tag:yaml.org,2002:str":
        return False
    try:
        return isinstance(meaning(text, plain=True), str)
    except ScalarRefused:
        return False


def _resolved(text: str) -> str:
    return str(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]  # PyYAML's own


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
