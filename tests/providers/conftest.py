import pytest

from tests.providers.signin.journey import Browser, register


@pytest.fixture
def op(scripted_provider, db):
    return scripted_provider


@pytest.fixture
def provider(op):
    return register(op)


@pytest.fixture
def visitor():
    return Browser()


@pytest.fixture
def bob(client, django_user_model):
    """Bob's browser: he administers."""
    user = django_user_model.objects.create(username="bob", is_staff=True, is_superuser=True)
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return client
