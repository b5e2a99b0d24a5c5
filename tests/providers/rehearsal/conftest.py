"""Bob rehearses; Eve administers too; Mallory may sign in and owns nothing."""

import pytest
from django.test import Client

from ssoconsole.platform.accounts.models import User
from tests.providers.rehearsal.stage import Stage, typed_form
from tests.providers.signin.journey import register


def browser_of(name, **flags):
    client = Client(headers={"User-Agent": f"{name}'s browser"})
    user = User.objects.create(username=name, **flags)
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return client


@pytest.fixture
def bob(db):
    return browser_of("bob", is_staff=True, is_superuser=True)


@pytest.fixture
def eve(db):
    return browser_of("eve", is_staff=True, is_superuser=True)


@pytest.fixture
def mallory(db):
    return browser_of("mallory", is_staff=True)


@pytest.fixture
def corp(op):
    """Stored, enabled, and with its metadata."""
    return register(op, discovery=op.metadata(), scopes=["openid", "email", "groups"])


@pytest.fixture
def form(op):
    return typed_form(op)


@pytest.fixture
def stage(bob, op, form):
    return Stage(bob, op, form)
