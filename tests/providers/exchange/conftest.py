import pytest

from providers.client_keys import ensure_client_key, published_client_keys, uses_client_keys
from tests.providers.registrations import BOB, registered_at


@pytest.fixture
def client_of(scripted_provider, db):
    """Register the console at the scripted provider by a method; the provider learns the console's keys."""

    def register(method, **changes):
        client = scripted_provider.client
        client.token_endpoint_auth_method = method
        if method in ("none", "private_key_jwt"):
            client.client_secret = None
        provider = registered_at(scripted_provider, **changes)
        if uses_client_keys(provider):
            ensure_client_key(provider=provider, by=BOB)
            tell_keys(scripted_provider, provider)
        return provider

    return register


def tell_keys(op, provider):
    """The provider reads the console's key set now, and keeps this copy."""
    at = provider.client_keys.latest("created_at").created_at
    op.client.jwks = {"keys": published_client_keys(slug=provider.slug, at=at)}
