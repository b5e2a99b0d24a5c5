"""Break the glass: a temporary administrator."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ssoconsole.platform.accounts.services import NameTaken, NameUnusable, bootstrap_admin
from ssoconsole.platform.actors import Actor


class Command(BaseCommand):
    help = "Create a temporary administrator and print its name and password once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="break-glass", help="name of the account")
        parser.add_argument("--hours", type=int, default=24, help="how long it may be used (1 to 168)")

    def handle(self, *args: Any, name: str, hours: int, **options: Any) -> None:
        if not 1 <= hours <= 168:
            raise CommandError("--hours must be between 1 and 168.")
        try:
            user, password = bootstrap_admin(
                name=name, lifetime=timedelta(hours=hours), by=Actor.command("bootstrap_admin")
            )
        except (NameTaken, NameUnusable) as error:
            raise CommandError(f"{error} Choose another with --name.") from error
        self.stdout.write(f"username: {user.username}")
        self.stdout.write(f"password: {password}")
        self.stderr.write(f"This account works until {user.expires_at:%Y-%m-%d %H:%M} UTC, at /admin/login/.")
