"""
Prepares a console for the token benchmark, and prints what its client needs, as JSON; takes the settings that the
console has: `python -m benchmarks.tokens_process`.
"""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
django.setup()

from django.core.management import call_command

from ssoconsole.platform.actors import Actor
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.keys.services import ensure_signing_key
from tokens.models import Audience, Bot

BY = Actor.command("benchmark")
ALGORITHMS = ("RS256", "ES256")


def main():
    call_command("migrate", verbosity=0)
    audiences = {}
    for alg in ALGORITHMS:
        ensure_signing_key(alg=alg, by=BY)
        resource = f"https://{alg.lower()}.bench.example"
        audiences[alg] = save_audience(
            audience=Audience(identifier=resource, name=alg, signing_alg=alg, scopes=["read", "write"]), by=BY
        )
    bot = Bot(name="bench", max_live_tokens=1_000_000)
    grants = [GrantSpec(audience, ["read", "write"]) for audience in audiences.values()]
    bot = save_bot(bot=bot, grants=grants, by=BY)
    _, secret = add_client_secret(bot=bot, by=BY)
    resources = {alg: audience.identifier for alg, audience in audiences.items()}
    print(json.dumps({"client_id": bot.name, "client_secret": secret, "resources": resources}))


if __name__ == "__main__":
    main()
