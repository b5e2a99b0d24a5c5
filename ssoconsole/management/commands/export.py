from typing import Any

from django.core.management.base import BaseCommand

from ssoconsole.console.configuration.export import export_configuration


class Command(BaseCommand):
    help = "Print the configuration as the YAML that `apply` reads; secrets are references, never in clear."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(export_configuration(), ending="")
