"""What commands have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser, OutputWrapper

from ssoconsole.platform.progress import shown_on


class LongCommand(BaseCommand):
    """Tells on standard error how far it has come, unless it is to be quiet."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="do not tell how far it has come")

    def execute(self, *args: Any, **options: Any) -> str | None:
        stderr = OutputWrapper(options["stderr"]) if options.get("stderr") else self.stderr
        with shown_on(None if options["quiet"] else stderr):
            return super().execute(*args, **options)
