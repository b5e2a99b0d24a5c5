"""A little of a console's life, as a process of its own: wishes as JSON on standard input, what became of them back."""

import json
import sys
from datetime import timedelta

import django


def issue():
    from ssoconsole.platform.actors import Actor
    from tokens.models import Audience, Bot
    from tokens.records.services import issue_token

    bot, audience = Bot.objects.get(), Audience.objects.get(name="Metadata")
    hour, by = timedelta(hours=1), Actor.command("life")
    return issue_token(bot=bot, audience=audience, scopes=None, lifetime=hour, by=by)[1]


def main():
    django.setup()
    from providers.models import Provider
    from ssoconsole.platform.actors import Actor
    from tokens.records.revocation import revoke_token
    from tokens.records.verification import find_live_record, find_record

    wishes = json.load(sys.stdin)
    issued = [issue() for _ in range(wishes["issue"])]
    for token in wishes["revoke"]:
        assert revoke_token(record=find_record(token), by=Actor.command("life"))
    counts = [find_live_record(token) is not None for token in [*wishes["examine"], *issued]]
    json.dump(
        {"issued": issued, "counts": counts, "secret": Provider.objects.get().client_secret}, sys.stdout
    )


main()
