import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ssoconsole.console.configuration.openmetadata import import_openmetadata
from ssoconsole.console.configuration.plan import printable, report
from ssoconsole.management.commands import LongCommand
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.progress import over
from ssoconsole.platform.yaml import LARGEST_FILE, ConfigurationRefused


class Command(LongCommand):
    help = (
        "Register the provider that a configuration of OpenMetadata signs people in at; print what differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="env file, values, openmetadata.yaml; or -"
        )
        parser.add_argument("--slug", default="", help="the registration to create or to change")
        parser.add_argument("--dry-run", action="store_true", help="print what differs and write nothing")
        secret = parser.add_mutually_exclusive_group()
        secret.add_argument("--client-secret-env", metavar="NAME", help="the variable that holds the secret")
        secret.add_argument("--client-secret-file", metavar="PATH", help="the file that holds the secret")

    def handle(self, *args: Any, **options: Any) -> None:
        if len(options["files"]) > 1 and options["slug"]:
            raise CommandError("One slug is for one file.")
        refused = sum(
            not self._import(file, options)
            for file in over(options["files"], total=len(options["files"]), what="files")
        )
        if refused:
            raise CommandError(f"Files that were refused, and changed nothing: {refused}.")

    def _import(self, file: str, options: dict[str, Any]) -> bool:
        try:
            plan, notes = import_openmetadata(
                _content(file),
                # The file names variables of the administrator's choice; they are no settings.
                environment=os.environ,
                by=Actor.command("openmetadata_import"),
                slug=options["slug"],
                client_secret=_where(options),
                dry_run=options["dry_run"],
            )
        except ConfigurationRefused as refused:
            for problem in refused.problems:
                self.stderr.write(printable(f"{file}:{problem}"))
            return False
        for note in notes:
            self.stderr.write(printable(f"{file}: note: {note}"))
        for warning in plan.warnings:
            self.stderr.write(printable(f"{file}:{warning.line}: {warning.path}: warning: {warning.message}"))
        self.stdout.write(report(plan, dry_run=options["dry_run"]))
        return True


def _where(options: dict[str, Any]) -> dict[str, str] | None:
    for kind in ("env", "file"):
        if value := options[f"client_secret_{kind}"]:
            return {kind: value}
    return None


def _content(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST_FILE + 1)
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CommandError(printable(f"{file} cannot be read: {error.strerror}")) from None
