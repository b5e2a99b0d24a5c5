"""
What the first run writes to the database: the first administrator, and the demonstration.

The demonstration is a provider, an API, and a bot that may call it.
"""

import secrets

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from providers.models import Provider
from providers.registration.secret import set_client_secret
from providers.registration.services import disable_provider, save_provider
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.services import NameTaken, bootstrap_admin
from ssoconsole.platform.actors import Actor
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret, find_client_secret, retire_credential
from tokens.errors import SecretInUse, SecretTooWeak
from tokens.models import Audience, Bot

BY = Actor.command("first_run")
SLUG = "demo"
BOT = "demo-bot"
AUDIENCE = "https://api.demo.example"
LABEL = "make run"
NAME = "admin"


def register_demo_provider(issuer: str, *, client_secret: str | None = None) -> None:
    """Register the demonstration provider, or point it at where it runs this time; without a secret by a new one."""
    provider = Provider.objects.filter(slug=SLUG).first() or Provider(
        slug=SLUG,
        name="Demonstration provider",
        client_id="console",
    )
    if provider.issuer != issuer or not provider.client_secret:
        set_client_secret(provider, client_secret or secrets.token_urlsafe(32))  # it takes any, but wants one
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
def prepare_demo_bot(*, client_secret: str | None = None) -> tuple[str, int]:
    """
    Make sure of the bot; return its secret, and how many of earlier runs were retired for it.

    One that is given stays from run to run. Without one, or where somebody has retired it, the bot gets another.
    """
    audience = Audience.objects.filter(identifier=AUDIENCE).first() or save_audience(
        audience=Audience(identifier=AUDIENCE, name="Demonstration API", scopes=["demo.read"]), by=BY
    )
    bot = Bot.objects.filter(name=BOT).first() or save_bot(
        bot=Bot(name=BOT, description="Shows how a bot fetches a token"),
        grants=[GrantSpec(audience=audience, scopes=["demo.read"], roles=[])],
        by=BY,
    )
    if client_secret and find_client_secret(bot=bot, client_secret=client_secret):
        return client_secret, 0
    earlier = list(bot.credentials.filter(label=LABEL, retired_at=None))
    for old in earlier:
        retire_credential(credential=old, by=BY)
    try:
        _, secret = add_client_secret(bot=bot, label=LABEL, by=BY, client_secret=client_secret)
    except (SecretInUse, SecretTooWeak):
        _, secret = add_client_secret(bot=bot, label=LABEL, by=BY)
    return secret, len(earlier)


def first_administrator() -> tuple[str, str] | None:
    """Create a temporary administrator when nobody can administer; return name and one-time password, or None."""
    at_work = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    if User.objects.filter(at_work, is_superuser=True, is_active=True).exists():
        return None
    by = Actor.command("first_run")
    try:
        user, password = bootstrap_admin(name=NAME, by=by)
    except NameTaken:
        user, password = bootstrap_admin(name=f"{NAME}-break-glass", by=by)
    return user.username, password
