"""A Dockerfile as a list of stages, for the few instructions that ours has; any other is a mistake."""

import json
import re
import shlex
from dataclasses import dataclass, field

KNOWN = {
    "ARG", "FROM", "SHELL", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
    "ENTRYPOINT", "CMD",
}  # fmt: skip


@dataclass
class Stage:
    base: str
    name: str
    steps: list = field(default_factory=list)


def stages_of(text):
    stages = []
    for name, rest in _instructions(text):
        if name not in KNOWN:
            raise ValueError(f"nobody has taught this reader {name}")
        if name == "FROM":
            base, alias = re.fullmatch(r"(\S+)(?: AS (\S+))?", rest).groups()
            stages.append(Stage(base, alias or ""))
        else:
            stages[-1].steps.append((name, rest))
    return stages


def _instructions(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    for line in joined.splitlines():
        name, rest = line.split(maxsplit=1)
        yield name, rest


def pairs(rest):
    """`A=b C="d e"` as a dict."""
    return dict(word.split("=", 1) for word in shlex.split(rest))


def words(rest):
    """The exec form: a JSON list."""
    return json.loads(rest)
