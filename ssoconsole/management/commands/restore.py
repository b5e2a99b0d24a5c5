"""restore FILE [--force] [--revoke-issued-since-backup]"""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from ssoconsole.console.backup.archive import end_everything_before_now
from ssoconsole.console.backup.services import record_restore, restore_backup
from ssoconsole.console.upgrade.schema import compare
from ssoconsole.management.commands import LongCommand
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError

BY = Actor.command("restore")


class Command(LongCommand):
    help = "Put a backup in the place of the database. Stop the console first."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
        parser.add_argument("--force", action="store_true", help="also where the database is in use")
        parser.add_argument(
            "--revoke-issued-since-backup",
            action="store_true",
            help="nothing issued before now counts any more: no token, no signing key, no session, so that none "
            "comes back that was revoked after the backup",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restore_backup(path=options["file"], force=options["force"])
        except DomainError as refused:
            raise CommandError(refused.message) from refused
        if compare().pending:
            call_command("migrate", verbosity=0)
        record_restore(manifest=manifest, by=BY)
        self.stdout.write(f"restored: the database of {manifest.at:%Y-%m-%d %H:%M:%S} UTC")
        if options["revoke_issued_since_backup"]:
            ended = end_everything_before_now(by=BY)
            self.stdout.write(f"revoked: {ended.tokens} tokens")
            self.stdout.write(f"taken out: {ended.keys} signing keys; new ones sign")
            self.stdout.write(f"ended: {ended.sessions} sessions")
        else:
            self.stderr.write(
                "What was ended after the backup counts again: tokens that were revoked, sessions that were signed "
                "out, bots and people that were disabled. Tokens issued since then cannot be revoked by name. "
                "Restore with --revoke-issued-since-backup --force to end all of it."
            )
