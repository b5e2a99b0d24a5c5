"""What the demonstration registers: a provider, an API, and a bot that may call it."""

import secrets

from django.db import transaction

from providers.models import Provider
from providers.registration.secret import set_client_secret
from providers.registration.services import disable_provider, save_provider
from ssoconsole.platform.actors import Actor
from tokens.audiences.services import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Audience, Bot

BY = Actor.command("first_run")
SLUG = "demo"
BOT = "demo-bot"
AUDIENCE = "https://api.demo.example"
LABEL = "make run"


def register_demo_provider(issuer: str) -> None:
    """Register the demonstration provider, or point it at where it runs this time."""
    provider = Provider.objects.filter(slug=SLUG).first() or Provider(
        slug=SLUG,
        name="Demonstration provider",
        client_id="console",
    )
    if provider.issuer != issuer or not provider.client_secret:
        set_client_secret(provider, secrets.token_urlsafe(32))  # it takes any, but wants one
    provider.issuer = issuer
    provider.enabled = True
    save_provider(
        provider=provider, by=BY, anyway=True
    )  # it moves with each run, and nobody could rehearse it


def leave_out_demo_provider() -> None:
    """Disable the demonstration provider of an earlier run: it would lead nowhere."""
    for provider in Provider.objects.enabled().filter(slug=SLUG):
        disable_provider(provider=provider, by=BY)


@transaction.atomic
def prepare_demo_bot() -> str:
    """Make sure of the bot, and give it a fresh secret: the ones of earlier runs are retired."""
    audience = Audience.objects.filter(identifier=AUDIENCE).first() or save_audience(
        audience=Audience(identifier=AUDIENCE, name="Demonstration API", scopes=["demo.read"]), by=BY
    )
    bot = Bot.objects.filter(name=BOT).first() or save_bot(
        bot=Bot(name=BOT, description="Shows how a bot fetches a token"),
        grants=[GrantSpec(audience=audience, scopes=["demo.read"], roles=[])],
        by=BY,
    )
    for old in bot.credentials.filter(label=LABEL, retired_at=None):
        retire_credential(credential=old, by=BY)
    return add_client_secret(bot=bot, label=LABEL, by=BY)[1]
