"""rotate_signing_key [--alg A] [--compromised KID]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from tokens.keys.services import compromise_signing_key, rotate_signing_key, rotation_possible_from
from tokens.models import Audience, SigningKey


class Command(BaseCommand):
    help = "Let the next signing key sign, or take a compromised one out. Prints the kid that signs now."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument(
            "--alg", default=Audience.Algorithm.ES256.value, choices=Audience.Algorithm.values
        )
        choice.add_argument("--compromised", metavar="KID", help="everything this key signed is dead at once")

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.command("rotate_signing_key")
        try:
            if options["compromised"]:
                key = compromise_signing_key(kid=options["compromised"], by=by)
            else:
                key = self._rotated(options["alg"], by=by)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"kid: {key.kid}")

    def _rotated(self, alg: str, *, by: Actor) -> SigningKey:
        since = rotation_possible_from(alg=alg)
        if since > timezone.now():
            self.stderr.write(
                "Nothing was rotated: the next key has been published just now, and not every API has it before "
                f"{since:%Y-%m-%d %H:%M:%S} UTC. A key that is compromised is taken out at once by --compromised."
            )
        return rotate_signing_key(alg=alg, by=by)
