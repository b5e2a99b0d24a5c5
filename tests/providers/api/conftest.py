"""Bob administers, Mallory may sign in and owns nothing, and a bot has a token for the API."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from ssoconsole.platform.accounts.models import User
from tests.providers.registrations import BOB
from tests.support.name_server import know_only_this_machine
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Audience, Bot
from tokens.records.services import issue_token

BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"


@pytest.fixture
def bob(db):
    client = APIClient()
    client.force_login(User.objects.create_superuser("bob"), BACKEND)
    return client


@pytest.fixture
def mallory(db):
    client = APIClient()
    client.force_login(User.objects.create_user("mallory"), BACKEND)
    return client


@pytest.fixture
def with_scope(db, settings):
    """A caller with a token that has this scope."""

    def make(scope):
        console = Audience.objects.get(identifier=f"{settings.BASE_URL}/api/v1")
        name = scope.replace(".", "-")
        bot = save_bot(bot=Bot(name=name), grants=[GrantSpec(console, [scope])], by=BOB)
        lifetime = timedelta(hours=1)
        _, token = issue_token(bot=bot, audience=console, scopes=None, lifetime=lifetime, by=BOB)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return make


@pytest.fixture(autouse=True)
def _no_other_names(monkeypatch):
    know_only_this_machine(monkeypatch)
