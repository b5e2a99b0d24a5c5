"""The cast: Alice owns the bot, Bob administers, Mallory may sign in and owns nothing."""

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient
from tokens_cast import BASE_URL, METADATA, PASSWORD_BACKEND, OAuth

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def by():
    return Actor("user", "bob")


@pytest.fixture
def audience(db, by):
    return save_audience(
        audience=Audience(
            identifier=METADATA,
            name="Metadata",
            scopes=["metadata.read", "metadata.write"],
            max_token_lifetime=86_400,
        ),
        by=by,
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


@pytest.fixture
def bot(audience, by):
    """Alice's bot."""
    return save_bot(
        bot=Bot(name="ingestion-bot", owner="alice@corp.example", description="Nightly ingestion"),
        grants=[GrantSpec(audience, ["metadata.read", "metadata.write"], ["ingestor"])],
        by=by,
    )


@pytest.fixture
def other_bot(audience, by):
    """A bot of somebody else's at the same audience."""
    return save_bot(bot=Bot(name="other-bot"), grants=[GrantSpec(audience, ["metadata.read"])], by=by)


@pytest.fixture
def secret(bot, by):
    return add_client_secret(bot=bot, by=by)[1]


@pytest.fixture
def other_secret(other_bot, by):
    return add_client_secret(bot=other_bot, by=by)[1]


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
