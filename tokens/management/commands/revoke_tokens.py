"""revoke_tokens --bot NAME | --credential ID | --audience IDENTIFIER"""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from ssoconsole.platform.actors import Actor
from tokens.models import Audience, Bot, Credential
from tokens.records.revocation import (
    revoke_tokens_of_audience,
    revoke_tokens_of_bot,
    revoke_tokens_of_credential,
)


class Command(BaseCommand):
    help = "Revoke all tokens of a bot, a credential or an audience, at once and for good. Prints how many."

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--bot", metavar="NAME", help="everything that it holds")
        whose.add_argument("--credential", metavar="ID", type=UUID, help="everything fetched with it")
        whose.add_argument("--audience", metavar="IDENTIFIER", help="everything that any bot holds for it")

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.command("revoke_tokens")
        if name := options["bot"]:
            count = revoke_tokens_of_bot(bot=_found(Bot.objects.filter(name=name), "bot of that name"), by=by)
        elif key := options["credential"]:
            credentials = Credential.objects.select_related("bot").filter(pk=key)
            credential = _found(credentials, "credential of that ID")
            count = revoke_tokens_of_credential(credential=credential, by=by)
        else:
            audience = _found(
                Audience.objects.filter(identifier=options["audience"]), "audience of that identifier"
            )
            count = revoke_tokens_of_audience(audience=audience, by=by)
        self.stdout.write(f"revoked: {count}")


def _found(rows: "QuerySet[Any]", what: str) -> Any:
    if (row := rows.first()) is None:
        raise CommandError(f"There is no {what}.")
    return row
