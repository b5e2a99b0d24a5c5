"""The harness is tested without the product: these tests need no Django settings."""

import pytest

from tests.support_selftest.relying_party import CALLBACK, RelyingParty

PLUGINS = ["real_provider", "scripted_provider", "browser", "servers"]


def pytest_configure(config):
    """Load the harness where no conftest above has loaded it."""
    for name in PLUGINS:
        config.pluginmanager.import_plugin(f"tests.support.{name}")


@pytest.fixture
def relying_party():
    """Make relying parties that are closed when the test ends."""
    made = []

    def make(*args, **kwargs):
        made.append(RelyingParty(*args, **kwargs))
        return made[-1]

    yield make
    for party in made:
        party.close()


@pytest.fixture
def op(scripted_provider):
    return scripted_provider


@pytest.fixture
def sign_in(op, relying_party):
    """Start a sign-in as the scripted provider's client; returns the relying party and its callback."""

    def run(response_type="code", **params):
        client = vars(op.client) | {"response_types": [response_type]}
        rp = relying_party(op.issuer, client, CALLBACK, **params)
        return rp, op.visit(rp.authorization_url())

    return run
