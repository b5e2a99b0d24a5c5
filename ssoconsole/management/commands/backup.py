"""backup (--out FILE | --folder FOLDER [--keep N])"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ssoconsole.console.backup.services import make_backup, make_next_backup
from ssoconsole.console.upgrade.schema import problem
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import failures_noted


class Command(BaseCommand):
    help = "Write the whole database to a file, while the console goes on. The encryption keys are not in it."

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--out", metavar="FILE", type=Path, help="a file that does not exist yet")
        where.add_argument(
            "--folder", type=Path, help="a folder; the file gets a name that says when, for a timer"
        )
        parser.add_argument(
            "--keep",
            metavar="N",
            type=int,
            default=14,
            help="how many of them stay in the folder; 14 by default",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Before an upgrade, code that is newer than the database makes the backup that the upgrade may need.
        if unfitting := problem(pending_too=False):
            raise CommandError(str(unfitting))
        if options["keep"] < 1:
            raise CommandError("--keep is one or more.")
        out: Path = options["out"] or options["folder"]
        by = Actor.command("backup")
        try:
            if options["out"]:
                manifest = make_backup(out=out, by=by)
            else:
                with failures_noted(LastRun.What.BACKUP):
                    out, manifest = make_next_backup(folder=out, keep=options["keep"], by=by)
        except DomainError as refused:
            raise CommandError(refused.message) from refused
        except OSError as error:
            raise CommandError(f"{out} could not be written: {error.strerror}") from error
        self.stdout.write(f"backup: {out}")
        self.stdout.write(f"sha256 of the database: {manifest.sha256}")
        self.stdout.write(f"needs the encryption keys: {', '.join(manifest.encryption_keys) or 'none'}")
