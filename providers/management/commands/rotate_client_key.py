"""rotate_client_key SLUG [--compromised]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.client_keys import replace_client_keys, rotate_client_key
from providers.models import Provider
from providers.registration.rolling_back import roll_back_if_overdue
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError


class Command(BaseCommand):
    help = "Let the next client key of a provider (private_key_jwt) sign. Prints the kid that signs now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the provider")
        parser.add_argument(
            "--compromised",
            action="store_true",
            help="take every key of this provider out at once, without an overlap",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.command("rotate_client_key")
        provider = Provider.objects.named(options["slug"])
        if provider is None:
            raise CommandError("There is no such provider.")
        roll_back_if_overdue(provider)
        change = replace_client_keys if options["compromised"] else rotate_client_key
        try:
            key = change(provider=provider, by=by)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"kid: {key.kid}")
