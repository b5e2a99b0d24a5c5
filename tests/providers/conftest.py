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
