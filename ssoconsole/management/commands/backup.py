"""backup --out FILE"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ssoconsole.console.backup.services import make_backup
from ssoconsole.console.upgrade.schema import problem
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError


class Command(BaseCommand):
    help = "Write the whole database to a file, while the console goes on. The encryption keys are not in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--out", metavar="FILE", type=Path, required=True, help="a file that does not exist yet"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Before an upgrade, code that is newer than the database makes the backup that the upgrade may need.
        if unfitting := problem(pending_too=False):
            raise CommandError(str(unfitting))
        out: Path = options["out"]
        try:
            manifest = make_backup(out=out, by=Actor.command("backup"))
        except DomainError as refused:
            raise CommandError(refused.message) from refused
        except OSError as error:
            raise CommandError(f"{out} could not be written: {error.strerror}") from error
        self.stdout.write(f"backup: {out}")
        self.stdout.write(f"sha256 of the database: {manifest.sha256}")
        self.stdout.write(f"needs the encryption keys: {', '.join(manifest.encryption_keys) or 'none'}")
