"""openmetadata_config SLUG --target docker|kubernetes|bare-metal [--out DIR]"""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.models import Provider
from providers.openmetadata import export_files
from providers.protocol.openmetadata.document import File
from providers.protocol.openmetadata.export import TARGETS
from ssoconsole.platform.errors import DomainError


class Command(BaseCommand):
    help = "Write the configuration that OpenMetadata needs to sign people in at a registered provider."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the provider")
        parser.add_argument("--target", required=True, choices=list(TARGETS), help="how OpenMetadata runs")
        parser.add_argument(
            "--out", metavar="DIR", help="a directory for the files; standard output without it"
        )
        parser.add_argument(
            "--server-url", default="", help="where OpenMetadata is: https://metadata.example"
        )
        parser.add_argument(
            "--jwt-keys", default="", metavar="DIR", help="the directory of its own key files"
        )
        parser.add_argument(
            "--key-id", default="", help="the id of its own keys; a new one if only DIR is given"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("target", "server_url", "jwt_keys", "key_id")
        provider = Provider.objects.named(options["slug"])
        if provider is None:
            raise CommandError("There is no such provider.")
        try:
            files = export_files(provider=provider, **{name: options[name] for name in names})
        except DomainError as error:
            expected = f" Expected: {error.expected}." if error.expected else ""
            raise CommandError(error.message + expected) from error
        if options["out"]:
            self._write(Path(options["out"]), files)
        else:
            self.stdout.write("\n".join(f"# {file.name}\n{file.text}" for file in files), ending="")

    def _write(self, directory: Path, files: list[File]) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for file in files:
                _replace(directory / file.name, file.text)
                self.stdout.write(str(directory / file.name))
        except OSError as error:
            raise CommandError(f"The files cannot be written: {error.strerror}.") from error


def _replace(path: Path, text: str) -> None:
    """Write a file at once, or not at all; it is going to hold what others need not read."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    beside.replace(path)
