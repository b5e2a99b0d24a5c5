from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ssoconsole.console.configuration.export import export_configuration


class Command(BaseCommand):
    help = "Print the configuration as the YAML that `apply` reads; secrets are references, never in clear."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--with-placeholders",
            action="store_true",
            help="let `apply --dry-run` accept the file before the variables of its secrets are set",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(export_configuration(placeholders=options["with_placeholders"]), ending="")
