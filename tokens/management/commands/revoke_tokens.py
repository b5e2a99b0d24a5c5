"""revoke_tokens --bot NAME | --credential ID | --audience IDENTIFIER"""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

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
        count = _revoke(options, by=Actor.command("revoke_tokens"))
        if count is None:
            raise CommandError("There is no such thing.")
        self.stdout.write(f"revoked: {count}")


def _revoke(options: dict[str, Any], *, by: Actor) -> int | None:
    """Return how many tokens were revoked; None for something that does not exist."""
    if options["bot"]:
        bot = Bot.objects.filter(name=options["bot"]).first()
        return None if bot is None else revoke_tokens_of_bot(bot=bot, by=by)
    if options["credential"]:
        credential = Credential.objects.select_related("bot").filter(pk=options["credential"]).first()
        return None if credential is None else revoke_tokens_of_credential(credential=credential, by=by)
    audience = Audience.objects.filter(identifier=options["audience"]).first()
    return None if audience is None else revoke_tokens_of_audience(audience=audience, by=by)
