"""
The cast: Alice owns the bot, Bob administers, Mallory may sign in and owns nothing.

What thousands of tests begin with stands here as rows, as the services write them; what these refuse and record is
tested where it is done.
"""

import secrets

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tokens_cast import BASE_URL, METADATA, PASSWORD_BACKEND, OAuth

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from tokens.audiences import save_audience
from tokens.credentials.services import PURPOSE
from tokens.models import Audience, Bot, Credential, Grant
from tokens.protocol.client_authentication import RANDOM_BYTES, format_client_secret, hint_of


@pytest.fixture
def by():
    return Actor("user", "bob")


@pytest.fixture
def audience(db):
    return Audience.objects.create(
        identifier=METADATA,
        name="Metadata",
        scopes=["metadata.read", "metadata.write"],
        max_token_lifetime=86_400,
    )


@pytest.fixture
def openmetadata(db, by):
    return save_audience(
        audience=Audience(
            identifier="https://om.example",
            name="OpenMetadata",
            profile="openmetadata",
            max_token_lifetime=None,
        ),
        by=by,
    )


@pytest.fixture
def console(db):
    return Audience.objects.get(identifier=f"{BASE_URL}/api/v1")


def granted(audience, scopes, roles, **columns):
    """A new bot with one grant."""
    bot = Bot.objects.create(owner_named_at=timezone.now(), **columns)
    Grant.objects.create(bot=bot, audience=audience, scopes=scopes, roles=roles)
    return bot


@pytest.fixture
def bot(audience):
    """Alice's bot."""
    columns = {
        "name": "ingestion-bot",
        "owner": "alice@corp.example",
        "description": "Nightly ingestion",
    }
    return granted(audience, ["metadata.read", "metadata.write"], ["ingestor"], **columns)


@pytest.fixture
def other_bot(audience):
    """A bot of somebody else's at the same audience."""
    return granted(audience, ["metadata.read"], [], name="other-bot")


def secret_of(bot):
    """A new client secret of a bot's."""
    secret = format_client_secret(secrets.token_bytes(RANDOM_BYTES))
    Credential.objects.create(
        bot=bot,
        secret_hash=key_ring().keyed_hash(secret, purpose=PURPOSE),
        hint=hint_of(secret),
        created_by="user:bob",
    )
    return secret


@pytest.fixture
def secret(bot):
    return secret_of(bot)


@pytest.fixture
def other_secret(other_bot):
    return secret_of(other_bot)


@pytest.fixture
def people(db):
    alice = User.objects.create_user("alice@corp.example")
    bob = User.objects.create_superuser("bob")
    mallory = User.objects.create_user("mallory")
    return {"alice": alice, "bob": bob, "mallory": mallory}


@pytest.fixture
def oauth():
    return OAuth()


@pytest.fixture
def me(bot, secret):
    """The bot's client authentication."""
    return (bot.name, secret)


@pytest.fixture
def token(oauth, me):
    """A live token of the bot."""
    return oauth.token(me).json()["access_token"]


@pytest.fixture
def anybody():
    return APIClient()


def signed_in(user):
    client = APIClient()
    client.force_login(user, PASSWORD_BACKEND)
    return client


@pytest.fixture
def alice(people):
    return signed_in(people["alice"])


@pytest.fixture
def bob(people):
    return signed_in(people["bob"])


@pytest.fixture
def mallory(people):
    return signed_in(people["mallory"])
