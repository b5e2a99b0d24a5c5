"""revoke_token JTI"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ssoconsole.platform.actors import Actor
from tokens.errors import TokenUnknown
from tokens.models import TokenRecord
from tokens.records.revocation import revoke_token


class Command(BaseCommand):
    help = "Revoke one token, at once and for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("jti", help="the claim of that name in the token")

    def handle(self, *args: Any, **options: Any) -> None:
        record = TokenRecord.objects.select_related("bot").filter(jti=options["jti"]).first()
        if record is None:
            raise CommandError(TokenUnknown().message)
        revoked = revoke_token(record=record, by=Actor.command("revoke_token"))
        self.stdout.write("revoked" if revoked else "was revoked already")
