"""What is wrong with a configuration file: where, and why; never a secret."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ssoconsole.platform.errors import DomainError

Path = tuple[str | int, ...]

SECRET_KEY_NAME = "client_secret"  # noqa: S105 - a key's name
LONGEST_KEY_SHOWN = 60

_plain_key = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right; `line` counts from 1, `path` is spelt `bots[0].federation[0].subject`."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.path}: {self.message}"


class ConfigurationRefused(DomainError):
    """The configuration file has errors; nothing was changed."""

    code = "configuration_refused"

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__()
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.path, problem.message))


def spell(path: Path) -> str:
    """
    Spell a path for a person; the document itself is `(file)`.

    Nothing below a secret is spelt: in `client_secret: {hunter2}` the secret has become a key.
    """
    spelt = ""
    for step in path:
        spelt += _step(step, first=not spelt)
        if step == SECRET_KEY_NAME:
            break
    return spelt or "(file)"


def _step(step: str | int, *, first: bool) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    shown = step if len(step) <= LONGEST_KEY_SHOWN else step[:LONGEST_KEY_SHOWN] + "…"
    if _plain_key.match(step):
        return shown if first else f".{shown}"
    return f"[{json.dumps(shown)}]"


@dataclass(slots=True)
class Findings:
    """Collects every problem of one file; `lines` knows where each path begins."""

    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)  # these refuse nothing

    def add(self, path: Path, message: str, *, line: int | None = None) -> None:
        """Add a problem at `path`, or at its nearest parent that the file holds."""
        self.problems.append(Problem(spell(path), line or self.line_of(path), message))

    def warn(self, path: Path, message: str) -> None:
        """Add a warning at `path`, or at its nearest parent that the file holds."""
        self.warnings.append(Problem(spell(path), self.line_of(path), message))

    def line_of(self, path: Path) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def refuse_if_any(self) -> None:
        """Raise ConfigurationRefused with all problems found so far."""
        if self.problems:
            raise ConfigurationRefused(self.problems)
