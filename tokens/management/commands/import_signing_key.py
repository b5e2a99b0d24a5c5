"""import_signing_key FILE [--kid KID] [--sign | --verify-days N]"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from tokens.keys.importing import import_signing_key
from tokens.keys.services import rotation_possible_from
from tokens.models import SigningKey
from tokens.protocol.key_file import LARGEST_FILE


class Command(BaseCommand):
    help = (
        "Publish a key that has been used elsewhere, such as that of an OpenMetadata server, so that its tokens "
        "go on verifying. Prints the kid and what the key does now."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="PEM or DER, private or public; - is standard input")
        parser.add_argument("--kid", help="what its tokens call it (JWT_KEY_ID); its thumbprint by default")
        use = parser.add_mutually_exclusive_group()
        use.add_argument("--sign", action="store_true", help="let it be the next to sign with its algorithm")
        use.add_argument(
            "--verify-days", type=int, metavar="N", help="let it verify so long; without: for ever"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["verify_days"]
        if days is not None and not 1 <= days <= 36_525:
            raise CommandError("--verify-days is 1 to 36525.")
        try:
            key = import_signing_key(
                raw=_contents(options["file"]),
                kid=options["kid"],
                sign=options["sign"],
                verify_until=None if days is None else timezone.now() + timedelta(days=days),
                by=Actor.command("import_signing_key"),
            )
        except DomainError as error:
            expected = f" Expected: {error.expected}." if error.expected else ""
            raise CommandError(error.message + expected) from error
        self.stdout.write(f"kid: {key.kid}")
        self.stdout.write(_what_it_does(key))


def _contents(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(LARGEST_FILE + 1)
        with Path(name).open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CommandError(f"The file cannot be read: {error.strerror}.") from error


def _what_it_does(key: SigningKey) -> str:
    state = key.state(at=timezone.now())
    if state == "published":
        since = f"from {rotation_possible_from(alg=key.alg):%Y-%m-%d %H:%M:%S} UTC on"
        if SigningKey.objects.signing().filter(alg=key.alg).exists():
            return f"signs after: rotate_signing_key --alg {key.alg}, {since}"
        return f"signs the first token of {key.alg}, {since}"
    return "verifies only"
