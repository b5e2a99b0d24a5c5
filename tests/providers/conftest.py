import pytest

from providers import client_keys
from tests.providers.signin.journey import Browser, register, register_read
from tests.support.ready_keys import ReadyKeys


@pytest.fixture(scope="session")
def ready_client_keys():
    """Client keys come ready in all tests here; what makes one is tested where it is, with the signatures."""
    with pytest.MonkeyPatch.context() as patch:
        keys = ReadyKeys(client_keys.generate_private_key)
        patch.setattr(client_keys, "generate_private_key", keys)
        yield keys


@pytest.fixture(autouse=True)
def _own_client_keys(ready_client_keys):
    ready_client_keys.begin()


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
