import pytest

from ssoconsole.platform.accounts.models import User

PASSWORD_BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"  # a path, no password


@pytest.fixture
def bob_himself(db):
    return User.objects.create(username="bob", is_staff=True, is_superuser=True)


@pytest.fixture
def bob(client, bob_himself):
    """Bob's browser, signed in."""
    client.force_login(bob_himself, backend=PASSWORD_BACKEND)
    return client
