"""explain_token [-]"""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ssoconsole.console.doctor import explain
from ssoconsole.platform.examination import Check, first_failure, is_valid
from ssoconsole.platform.jose.verify import MAX_BYTES


class Command(BaseCommand):
    help = (
        "Tell what is wrong with a token, of this console or of a registered provider, or what a reference stands for, "
        "read from standard input, and what to do. Exit 1 when it does not count."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="?", default="-", help="- for standard input, and nothing else")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["source"] != "-":
            raise CommandError(
                "The token is read from standard input: everybody on this machine can see what is in an argument."
            )
        checks = explain(_token()).checks
        valid = is_valid(checks)
        if options["json"]:
            shown = {"valid": valid, "checks": [asdict(check) for check in checks]}
            self.stdout.write(json.dumps(shown, indent=2))
        else:
            self.stdout.write("\n".join(_lines(checks)))
        if not valid:
            sys.exit(1)


def _token() -> str:
    # One line break is what a shell adds; any more belong to what is examined.
    try:
        text = sys.stdin.read(2 * MAX_BYTES)
    except UnicodeDecodeError:
        raise CommandError("Standard input holds no text.") from None
    return text.removesuffix("\n").removesuffix("\r")


def _lines(checks: list[Check]) -> list[str]:
    lines = [
        f"{'ok    ' if check.ok else 'FAILED'}  {check.name:<14}  {check.received}".rstrip()
        for check in checks
    ]
    failure = first_failure(checks)
    if failure is None:
        return [*lines, "", "The token counts.", *([checks[-1].remedy] if checks[-1].remedy else [])]
    return [
        *lines,
        "",
        f"The token does not count: {failure.name}",
        f"  expected: {failure.expected}",
        f"  received: {failure.received}",
        f"  remedy:   {failure.remedy}",
    ]
