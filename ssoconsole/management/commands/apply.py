import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ssoconsole.console.configuration.apply import apply_configuration
from ssoconsole.console.configuration.plan import printable, report, shown_differences
from ssoconsole.management.commands import LongCommand
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.yaml import LARGEST_FILE, ConfigurationRefused


class Command(LongCommand):
    help = (
        "Make the database match a configuration file, all of it or nothing, and print what differs. Exit status 0, "
        "and 1 when anything is wrong; with --exit-code 2 when something differs."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Arguments that are wrong exit with 1 as other errors do: 2 is for differences."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        leave = parser.exit
        parser.exit = lambda status=0, message=None: leave(min(status, 1), message)  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the YAML file; - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="print what differs and write nothing")
        parser.add_argument("--exit-code", action="store_true", help="exit with 2 when something differs")
        parser.add_argument(
            "--diff",
            action="store_true",
            help="print the differences alone, and nothing where there are none",
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="disable, never delete, what a section of the file that is present does not name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file = "(standard input)" if options["file"] == "-" else options["file"]
        try:
            plan = apply_configuration(
                _content(options["file"]),
                # The file names variables of the administrator's choice; they are no settings.
                environment=os.environ,
                by=Actor.command("apply"),
                prune=options["prune"],
                dry_run=options["dry_run"],
            )
        except ConfigurationRefused as refused:
            for problem in refused.problems:
                self.stderr.write(printable(f"{file}:{problem}"))
            raise CommandError(f"{file} has errors ({len(refused.problems)}); nothing was changed.") from None
        for warning in plan.warnings:
            self.stderr.write(printable(f"{file}:{warning.line}: {warning.path}: warning: {warning.message}"))
        told = shown_differences(plan) if options["diff"] else report(plan, dry_run=options["dry_run"])
        if told:
            self.stdout.write(told)
        if options["exit_code"] and plan.differs:
            sys.exit(2)


def _content(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST_FILE + 1)
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
