"""Things that end, one of each kind, as the console would have them."""

from datetime import timedelta

from django.utils import timezone

from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import somewhere
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot, SigningKey
from tokens.records.services import issue_token

BOB = Actor("user", "bob")


def ahead(**time):
    return timezone.now() + timedelta(**time)


def bot_with_grant(name="nightly"):
    audience = Audience.objects.filter(identifier="https://api.example").first() or save_audience(
        audience=Audience(
            identifier="https://api.example", name="API", scopes=["read"], max_token_lifetime=None
        ),
        by=BOB,
    )
    return save_bot(bot=Bot(name=name), grants=[GrantSpec(audience, ["read"])], by=BOB)


def client_secret(*, bot=None, label="cluster", **time):
    return add_client_secret(bot=bot or bot_with_grant(), label=label, expires_at=ahead(**time), by=BOB)


def token(*, bot=None, label="laptop", lifetime=timedelta(days=10)):
    bot = bot or bot_with_grant()
    audience = bot.grants.get().audience
    return issue_token(bot=bot, audience=audience, scopes=None, lifetime=lifetime, label=label, by=BOB)


def provider(slug="corp", **fields):
    row = somewhere(slug=slug, issuer=f"https://{slug}.example", **fields)
    row.save()
    return row


def old_signing_key(days=400):
    key = SigningKey.objects.signing().get()
    SigningKey.objects.filter(pk=key.pk).update(signing_from=timezone.now() - timedelta(days=days))
    return key


def break_glass():
    return bootstrap_admin(name="glass", by=BOB)[0]


def one_of_each():
    bot = bot_with_grant()
    client_secret(bot=bot, days=5)
    token(bot=bot)
    provider(tls_not_after=ahead(days=20), client_secret_expires_at=ahead(days=25))
    old_signing_key()
    break_glass()
