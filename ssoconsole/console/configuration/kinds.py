"""The kinds of value that the configuration file has; each reports every fault in the shape of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

from ssoconsole.console.configuration.moments import moment
from ssoconsole.platform.yaml.problems import LONGEST_KEY_SHOWN, Findings, Path

# Beside `env`, and true: in a dry run the variable need not be set.
PLACEHOLDER = "placeholder"


class Kind(Protocol):
    """Something that a value may be."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        """Add a problem for everything about `value` that is not as it should be; never show a value."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, str):
            quotes = "; put it in quotes" if isinstance(value, bool | int | float) else ""
            findings.add(path, f"expected text, found {_found(value)}{quotes}")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            findings.add(path, f"expected a whole number, found {_found(value)}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a moment with its time zone, as text."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, str) or moment(value) is None:
            findings.add(
                path, "expected a day or a moment with its time zone: 2027-01-31 or 2027-01-31T12:00:00Z"
            )


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, bool):
            findings.add(path, f"expected true or false, found {_found(value)}")


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever JSON allows."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret: `{env: NAME}`, `{file: /path}` or the secret itself."""

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if is_secret(value):
            return
        if isinstance(value, bool | int | float):
            findings.add(path, f"expected text, found {_found(value)}; put it in quotes")
            return
        findings.add(path, "expected {env: NAME}, {file: /path} or text")


@dataclass(frozen=True, slots=True)
class Items:
    """A list of one kind."""

    of: Kind

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add(path, f"expected a list, found {_found(value)}")
            return
        for index, item in enumerate(value):
            self.of.check(item, (*path, index), findings)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with keys of the administrator's choice."""

    of: Kind

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add(path, f"expected a mapping, found {_found(value)}")
            return
        for key, item in value.items():
            self.of.check(item, (*path, key), findings)


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with these keys and no others; one that is not required may be null, for its default."""

    keys: Mapping[str, Kind]
    required: tuple[str, ...] = ()

    def check(self, value: Any, path: Path, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add(path, f"expected a mapping, found {_found(value)}")
            return
        for key in self.required:
            if key not in value:
                findings.add((*path, key), "is required")
        for key, item in value.items():
            self._check_key(key, item, (*path, key), findings)

    def _check_key(self, key: str, item: Any, path: Path, findings: Findings) -> None:
        if key not in self.keys:
            findings.add(path, f"unknown key{self._suggestion(key)}")
        elif item is not None:
            self.keys[key].check(item, path, findings)
        elif key in self.required:
            findings.add(path, "is required and cannot be null")

    def _suggestion(self, key: str) -> str:
        near = get_close_matches(key[:LONGEST_KEY_SHOWN], self.keys, n=1)
        return f"; did you mean {near[0]}?" if near else ""


def is_secret(value: Any) -> bool:
    """Tell whether a value is text, or says where text is."""
    if isinstance(value, str):
        return True
    if not isinstance(value, dict) or value.keys() not in ({"env"}, {"file"}, {"env", PLACEHOLDER}):
        return False
    return isinstance(value.get("env", value.get("file")), str) and value.get(PLACEHOLDER, True) is True


def _found(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
    return "a mapping"
