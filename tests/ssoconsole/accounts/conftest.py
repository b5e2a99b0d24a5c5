import pytest


@pytest.fixture
def quick_passwords(settings):
    """A hasher that costs nothing: what is tested is who may try, not how slow a try is."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
