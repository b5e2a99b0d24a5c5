"""issue_token BOT --audience A --lifetime L --label T"""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from tokens.bots.grants import choose_grant
from tokens.errors import BotUnknown
from tokens.models import Bot
from tokens.protocol.access_token import parse_lifetime_text
from tokens.protocol.scopes import parse_scope
from tokens.records.services import issue_token


class Command(BaseCommand):
    help = "Issue a token to a bot. Prints the JWT, and nothing else, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bot", help="its name")
        parser.add_argument("--audience", help="not needed for a bot with one grant")
        parser.add_argument("--scope", help="separated by spaces; all that is granted by default")
        parser.add_argument("--lifetime", help="seconds, or OneHour, 1, 7, 30, 60, 90 (days), Unlimited")
        parser.add_argument("--label", default="", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(_issue(options))
        except DomainError as error:
            details = [f"expected {error.expected}"] if error.expected else []
            details += [f"received {error.received}"] if error.received else []
            raise CommandError(
                " ".join([error.message, *([f"({', '.join(details)})"] if details else [])])
            ) from error
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error


def _issue(options: dict[str, Any]) -> str:
    bot = Bot.objects.filter(name=options["bot"]).first()
    if bot is None:
        raise BotUnknown(received=options["bot"])
    audience = choose_grant(bot, identifier=options["audience"]).audience
    lifetime = options["lifetime"]
    _, token = issue_token(
        bot=bot,
        audience=audience,
        scopes=parse_scope(options["scope"]) if options["scope"] else None,
        lifetime=parse_lifetime_text(lifetime) if lifetime else timedelta(seconds=audience.token_lifetime),
        label=options["label"],
        by=Actor.command("issue_token"),
    )
    return token
