"""rotate_signing_key [--alg A | --compromised KID]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import failures_noted, note_run
from tokens.keys.services import compromise_signing_key, rotate_signing_key, rotation_possible_from
from tokens.models import Audience, SigningKey


class Command(BaseCommand):
    help = (
        "Let the next signing key of every algorithm that signs take over, or take a compromised one out. Prints the "
        "kids that sign now."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument(
            "--alg",
            choices=Audience.Algorithm.values,
            help="of this algorithm alone, whether it signs yet or not",
        )
        choice.add_argument("--compromised", metavar="KID", help="everything this key signed is dead at once")

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.command("rotate_signing_key")
        try:
            if options["compromised"]:
                self._print(compromise_signing_key(kid=options["compromised"], by=by))
            elif options["alg"]:
                self._print(self._rotated(options["alg"], by=by))
            else:
                self._rotate_what_signs(by=by)
        except DomainError as error:
            raise CommandError(error.message) from error

    @failures_noted(LastRun.What.ROTATE)
    def _rotate_what_signs(self, *, by: Actor) -> None:
        # One that nothing signs with has nothing to hide behind: its first key is as fresh as its first token.
        for alg in SigningKey.objects.signing().order_by("alg").values_list("alg", flat=True):
            self._print(self._rotated(alg, by=by))
        note_run(LastRun.What.ROTATE)

    def _print(self, key: SigningKey) -> None:
        self.stdout.write(f"kid: {key.kid}")

    def _rotated(self, alg: str, *, by: Actor) -> SigningKey:
        since = rotation_possible_from(alg=alg)
        if since > timezone.now():
            self.stderr.write(
                f"{alg} was not rotated: the next key has been published just now, and not every API has it before "
                f"{since:%Y-%m-%d %H:%M:%S} UTC. A key that is compromised is taken out at once by --compromised."
            )
        return rotate_signing_key(alg=alg, by=by)
