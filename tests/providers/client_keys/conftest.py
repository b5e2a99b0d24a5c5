import pytest

from providers.client_keys import ensure_client_key
from tests.providers.registrations import BOB, registered_at


@pytest.fixture
def op(scripted_provider, db):
    scripted_provider.client.token_endpoint_auth_method = "private_key_jwt"
    scripted_provider.client.client_secret = None
    return scripted_provider


@pytest.fixture
def corp(op):
    """A registration with private_key_jwt that has its keys."""
    provider = registered_at(op)
    ensure_client_key(provider=provider, by=BOB)
    return provider
