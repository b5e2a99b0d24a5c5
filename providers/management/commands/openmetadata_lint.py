"""openmetadata_lint FILE… [--json]"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.openmetadata import lint_configuration, shown
from ssoconsole.platform.yaml import LARGEST_FILE


class Command(BaseCommand):
    help = (
        "Name every trap in configurations of OpenMetadata: env files, values of the Helm chart, "
        "openmetadata.yaml. Exit 1 when there is any."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a file; - for standard input")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [
            item for file in options["files"] for item in shown(file, lint_configuration(_content(file)))
        ]
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        else:
            self.stdout.write("\n".join(_lines(found)))
        if found:
            sys.exit(1)


def _content(file: str) -> bytes:
    """At most one byte more than the linter reads, so that it can tell."""
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST_FILE + 1)
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CommandError(f"{_printable(file)} cannot be read: {error.strerror}.") from error


def _lines(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["Nothing to put right."]
    lines = []
    for item in found:
        lines.append(_printable(f"{item['file']}:{item['line']}: {item['code']}: {item['message']}"))
        lines += [f"    {_printable(line)}" for line in item["fix"].split("\n") if line.strip()]
    return [*lines, f"Found: {len(found)}."]


def _printable(text: str) -> str:
    """Escape what could move the cursor or turn the reading direction of a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
