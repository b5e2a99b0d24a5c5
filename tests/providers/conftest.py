import pytest

from tests.providers.signin.journey import Browser, register, register_read


@pytest.fixture
def op(scripted_provider, db):
    return scripted_provider


@pytest.fixture
def provider(op):
    """Registered; what its provider publishes was fetched then, so that nothing is asked for it again."""
    return register_read(op)


@pytest.fixture
def unread(op):
    """The same where nothing was fetched yet: for what bends the metadata or the keys before the first sign-in."""
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
